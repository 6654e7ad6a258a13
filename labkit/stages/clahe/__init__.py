"""Stage ``clahe``: contrast limited adaptive histogram equalisation.

Read the files in this order: grid (where tiles lie), library (the peers), arrays, loops, native.
"""

from __future__ import annotations

from typing import Annotated

from labkit.core import Grey, Real, SameShape, Whole, Within, stage

# OpenCV blends four levels in float32. Native and NumPy do the same sums in the same order and are bit for bit the same; the
# loops, which read the same in three languages, blend in whole numbers: next to a half they may round the other way, and in
# tiles of a few pixels halves are many.
TOLERANCE = Within(1, mean=0.2)


@stage(
    reference="opencv",
    agreement=TOLERANCE,
    try_also={"limit": (0.0, 40.0), "columns": (3,), "rows": (1, 13)},
    empty_cells={
        "multiprocess": "no row can be written before the tables of the tiles around it are made, and each serves four cells",
        "gpu": "a histogram of every tile: 64 of 4,096 pixels are too few for a device to earn the copy; see ocr_preprocess",
    },
)
def clahe(
    image: Grey,
    limit: Annotated[float, Real(0, 1000)] = 2.0,
    columns: Annotated[int, Whole(1, 64)] = 8,
    rows: Annotated[int, Whole(1, 64)] = 8,
) -> SameShape:
    """Equalise the histogram of each tile of a grid, with no level taking more than a limit, and blend between the tiles.

    Parameters
    ----------
    image : uint8 (h, w), C-contiguous, h ≥ 1 and w ≥ 1.
    limit : how many times the mean count a level of a tile may have, 0 to 1000; what is above is dealt out. 0: no limit.
    columns, rows : tiles across and down, 1 to 64.

    Returns
    -------
    uint8 (h, w), C-contiguous, as ``cv2.createCLAHE(limit, (columns, rows)).apply(image)``. Where either side is no multiple
        of its tiles, *both* are continued (mirrored without the border's pixel) by 1 to as many pixels as there are tiles,
        also the one that is a multiple already.

    Raises
    ------
    TypeError : the image is no NumPy array, a number none.
    ValueError : another dtype or shape, an empty image, one that is not C-contiguous, a number out of range.

    Source: K. Zuiderveld, "Contrast Limited Adaptive Histogram Equalization", Graphics Gems IV, 1994; OpenCV,
    imgproc/src/clahe.cpp.
    """
