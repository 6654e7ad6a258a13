"""Stage ``pixelate``: a mosaic, each cell the mean of its pixels.

Read the files in this order: arrays (the reference), library (the peers), loops, native.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from labkit.core import BGR, Grey, SameShape, Whole, Within, stage

# A mean that lies halfway between two levels is rounded upwards here and to the even one by OpenCV: one level apart, and of a
# regular pattern in all cells at once.
TOLERANCE = Within(1, mean=1)


def ends(side: int, block: int) -> np.ndarray:
    """Where the cells along a side end: int64 (ceil(side / block),); the last cell may be smaller."""
    return np.minimum(np.arange(block, side + block, block), side)


@stage(
    reference="numpy",
    agreement=TOLERANCE,
    try_also={"block": (1, 2, 7, 255)},
    empty_cells={
        "multiprocess": "it adds up what it reads and copies the rest: sending a picture to a process takes longer"
    },
)
def pixelate(image: Grey | BGR, block: Annotated[int, Whole(1, 256)] = 16) -> SameShape:
    """Lay a grid over a picture, from its upper left corner, and fill each cell with the mean of its pixels.

    This hides a face from a glance, not from an attack: with more than some 8 cells across it can be recognised.

    Parameters
    ----------
    image : uint8 (h, w) or (h, w, 3), C-contiguous, h ≥ 1 and w ≥ 1.
    block : pixels, 1 to 256: the side of a cell; cells at the right and at the bottom are as much smaller as the picture ends.

    Returns
    -------
    uint8, of the same shape, C-contiguous: for each channel (2·sum + n) // (2·n) of the n pixels in the cell.

    Raises
    ------
    TypeError : the image is no NumPy array, block no integer.
    ValueError : another dtype or shape, an empty image, one that is not C-contiguous, a block out of range.
    """
