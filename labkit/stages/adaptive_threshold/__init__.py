"""Stage ``adaptive_threshold``: black or white by the mean of the neighbourhood.

Read the files in this order: library (the peers), arrays, loops, native.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from labkit.core import Grey, Odd, Real, Rows, SameShape, stage


@stage(
    reference="opencv",
    split=Rows(halo=lambda image, block, c: block // 2),
    try_also={"block": (3, 15, 17, 51), "c": (-7.5, 300)},
)
def adaptive_threshold(
    image: Grey, block: Annotated[int, Odd(3, 99)] = 11, c: Annotated[float, Real(-1000, 1000)] = 2
) -> SameShape:
    """Make a grey picture black and white: white where a pixel is brighter than its neighbourhood's mean less ``c``.

    Parameters
    ----------
    image : uint8 (h, w), C-contiguous, h ≥ 1 and w ≥ 1.
    block : pixels, odd, 3 to 99: the side of the neighbourhood; the border is repeated outwards.
    c : levels, -1000 to 1000.

    Returns
    -------
    uint8 (h, w), C-contiguous, 0 or 255: 255 where image - mean > -ceil(c), with mean = (sum + block²//2) // block², as
        ``cv2.adaptiveThreshold(image, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, block, c)``.

    Raises
    ------
    TypeError : the image is no NumPy array, block or c no number.
    ValueError : another dtype or shape, an empty image, one that is not C-contiguous, a block that is even or out of range.

    Source: OpenCV, imgproc/src/thresh.cpp, adaptiveThreshold.
    """


def fewest_above(block: int, c: float) -> np.ndarray:
    """For each level the sum of its neighbourhood from which on it is black: int64 (256,).

    (sum + block²//2) // block² < level + ceil(c) is compared without a division.
    """
    levels = np.arange(256) + int(np.ceil(c))
    return levels * block**2 - block**2 // 2
