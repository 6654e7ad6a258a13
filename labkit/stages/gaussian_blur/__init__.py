"""Stage ``gaussian_blur``: each pixel becomes a mean of those around it, weighed by a Gaussian.

Read the files in this order: taps, library (the peers), arrays, loops, native.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

import numpy as np

from labkit.core import BGR, Grey, Real, Rows, SameShape, Workload, stage
from labkit.core.derived import SIZES
from labkit.inputs.photographs import photograph
from labkit.stages.gaussian_blur.taps import taps


def picture(height: int, width: int, sigma: float, grey: bool) -> tuple[np.ndarray, float]:
    """A photograph, or its green."""
    image = photograph(0, height, width)
    return np.ascontiguousarray(image[..., 1]) if grey else image, sigma


def workload(size: str, sigma: float, grey: bool) -> Workload:
    """Of the default sigma the size alone names it."""
    height, width = SIZES[size]
    build: Callable[[], tuple[np.ndarray, float]] = partial(picture, height, width, sigma, grey)
    name = f"{size}{f'-sigma{sigma:g}' * (sigma != 3)}{'-grey' * grey}"
    return Workload(name, build, f"{width}×{height}, sigma {sigma:g}{', grey' * grey}")


WORKLOADS = [
    *(workload(size, 3.0, grey=False) for size in SIZES),
    *(workload(size, sigma, grey) for sigma in (1.0, 10.0) for size in ("512", "1080p") for grey in (False, True)),
]


@stage(
    reference="opencv",
    workloads=WORKLOADS,
    split=Rows(halo=lambda image, sigma: len(taps(float(sigma))) // 2),
    try_also={"sigma": (0.1, 0.2, 1.0, 10.0)},
)
def gaussian_blur(image: Grey | BGR, sigma: Annotated[float, Real(0.1, 30)] = 3.0) -> SameShape:
    """Blur a picture, channel by channel; beyond its border it comes back as in a mirror.

    Parameters
    ----------
    image : uint8 (h, w) or (h, w, 3), C-contiguous, h ≥ 1 and w ≥ 1.
    sigma : pixels, 0.1 to 30: the standard deviation.

    Returns
    -------
    uint8, of the same shape, C-contiguous, as ``cv2.GaussianBlur(image, (0, 0), sigma)``: (sum + 2^15) // 2^16 over rows and
        columns, with whole weights in 256ths (see ``taps``). Up to a sigma of 0.2 that is the picture itself.

    Raises
    ------
    TypeError : the image is no NumPy array, sigma no number.
    ValueError : another dtype or shape, an empty image, one that is not C-contiguous, a sigma out of range.

    Source: OpenCV 4.14, imgproc/src/smooth.dispatch.cpp, GaussianBlur of CV_8U.
    """
