"""Stage ``sobel``: how steeply the levels rise across and down, or both at once.

Read the files in this order: library (the peers), arrays, loops, native.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import numpy as np

from labkit.core import Grey, OneOf, Rows, Shaped, Workload, stage
from labkit.core.contract import Image
from labkit.core.derived import SIZES, picture


def inputs(size: tuple[int, int], of: str) -> tuple[Any, ...]:
    """A photograph, and what of it."""
    return (picture(Image(1), 0, *size), of)


WORKLOADS = [
    Workload(f"{'x-' * (of == 'x')}{name}", partial(inputs, size, of), f"{size[1]}×{size[0]}, {of}")
    for of in ("sum", "x")
    for name, size in SIZES.items()
]


def same_size(image: np.ndarray, of: str) -> tuple[int, ...]:
    """The shape of the output."""
    return image.shape


@stage(
    reference="opencv",
    workloads=WORKLOADS,
    split=Rows(halo=lambda image, of: 1),
    try_also={"of": ("x", "y")},
)
def sobel(
    image: Grey, of: Annotated[str, OneOf(("sum", "x", "y"))] = "sum"
) -> Annotated[np.ndarray, Shaped(same_size, "int16")]:
    """Take Sobel's 3×3 derivatives of a grey picture.

    Parameters
    ----------
    image : uint8 (h, w), C-contiguous, h ≥ 1 and w ≥ 1; beyond the border it is mirrored, the border itself not repeated.
    of : ``x``: the derivative across, ``y``: down, ``sum``: |x| + |y|, the steepness as Canny takes it.

    Returns
    -------
    int16 (h, w), C-contiguous: -1020 to 1020, of ``sum`` 0 to 2040. Across: the column on the right less that on the left, the
        rows weighed 1, 2, 1, as ``cv2.Sobel(image, cv2.CV_16S, 1, 0)``; down: the row below less that above, as
        ``cv2.Sobel(image, cv2.CV_16S, 0, 1)``.

    Raises
    ------
    TypeError : the image is no NumPy array, ``of`` no text.
    ValueError : another dtype or shape, an empty image, one that is not C-contiguous, another ``of``.

    Source: OpenCV, imgproc/src/deriv.cpp, Sobel.
    """
