"""Stage ``canny``: thin lines where a picture is steepest.

Read the files in this order: library (the peers), arrays, loops, native.
"""

from __future__ import annotations

from typing import Annotated

from labkit.core import Grey, SameShape, Whole, stage

TAN = 13573  # tan(22.5°) of 2^15, rounded; tan(67.5°) is 2 more than tan(22.5°)


@stage(
    reference="opencv",
    try_also={"low": (0, 30, 400), "high": (0, 600)},
    empty_cells={"multiprocess": "a weak pixel is an edge by what it is joined to, however far that lies"},
)
def canny(
    image: Grey, low: Annotated[int, Whole(0, 2040)] = 100, high: Annotated[int, Whole(0, 2040)] = 200
) -> SameShape:
    """Find edges: pixels steeper than either neighbour across the edge, joined to one that is very steep.

    Parameters
    ----------
    image : uint8 (h, w), C-contiguous, h ≥ 1 and w ≥ 1; smooth it before, should it be noisy.
    low, high : 0 to 2040. Steeper than ``high`` begins an edge, steeper than ``low`` carries one on; the larger of the two is
        the high one, whichever it is.

    Returns
    -------
    uint8 (h, w), C-contiguous, 0 or 255, as ``cv2.Canny(image, low, high)``. The steepness is |x| + |y| of Sobel's 3×3
        derivatives, the border repeated outwards, and 0 beyond the picture. Which neighbours a pixel is held to goes by its
        direction in steps of 45°, told by 13573 / 2^15 for tan 22.5°; along a row or column the second of the two may be as
        steep. Pixels are joined to all eight neighbours.

    Raises
    ------
    TypeError : the image is no NumPy array, low or high no integer.
    ValueError : another dtype or shape, an empty image, one that is not C-contiguous, low or high out of range.

    Source: J. Canny, "A Computational Approach to Edge Detection", IEEE Transactions on Pattern Analysis and Machine
    Intelligence 8(6), 1986; OpenCV, imgproc/src/canny.cpp.
    """
