"""Stage ``resize_crop_normalise``: from a picture to what a network takes, in one go.

Read the files in this order: library (the peers), arrays, loops, native.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from labkit.core import BGR, OneOf, Shaped, UsageError, Whole, Within, stage
from labkit.kinds.planes import STD

LONGEST = 1 << 16  # pixels: the longer side of the resized picture

# A chain rounds the resized picture to levels, and OpenCV's mean may fall on the other side of a half: together one level of
# 255, divided by the least deviation; ``unit`` is off by less.
TOLERANCE = 1.02 / 255 / min(STD)


def resized(image: np.ndarray, short: int) -> tuple[int, int]:
    """Rows and columns of the picture that the square is cut from."""
    height, width = image.shape[:2]
    least = min(height, width)
    return short * height // least, short * width // least


def window(image: np.ndarray, short: int, crop: int) -> tuple[int, int]:
    """The first row and the first column of the square in the resized picture."""
    rows, columns = resized(image, short)
    return (rows - crop) // 2, (columns - crop) // 2


@stage(
    reference="numpy",
    agreement=Within(TOLERANCE, mean=TOLERANCE),
    try_also={"crop": (1, 7, 256), "to": ("unit",)},
    empty_cells={"multiprocess": "a picture is read once and little is computed: to send it to a process takes longer"},
)
def resize_crop_normalise(  # type: ignore[return]  # a contract answers nothing
    image: BGR,
    short: Annotated[int, Whole(1, 4096)] = 256,
    crop: Annotated[int, Whole(1, 4096)] = 224,
    to: Annotated[str, OneOf(("mean_std", "unit"))] = "mean_std",
) -> Annotated[np.ndarray, Shaped(lambda image, short, crop, to: (3, crop, crop), "float32")]:
    """Resize a picture to a short side, cut a square out of its middle, and make planes of float32 of it.

    Parameters
    ----------
    image : uint8 (h, w, 3) BGR, C-contiguous, h ≥ 1 and w ≥ 1.
    short : pixels that the shorter side becomes, smaller or larger; the longer one becomes short · long // shorter,
        at most 65,536.
    crop : pixels, the side of the square, at most ``short``. It begins at ((rows - crop) // 2, (columns - crop) // 2).
    to : ``mean_std`` or ``unit``, as of the stage normalise.

    Returns
    -------
    float32 (3, crop, crop), C-contiguous: red, green, blue; of each pixel the mean of what it covers, as of the stage resize
        (``area``), to within a level (it may be rounded to one in between), then scaled and shifted.

    Raises
    ------
    TypeError : the image is no NumPy array, short or crop no integer, ``to`` no text.
    ValueError : another dtype or shape, an empty image, one that is not C-contiguous, one that is too long for its width, a crop
        above ``short``, a parameter out of range.

    Source: torchvision, the transforms of its classification weights (256, 224, mean and std).
    """
    if crop > short:
        raise UsageError(f"crop is {crop} and short {short}; give a crop of at most {short}")
    if max(resized(image, short)) > LONGEST:
        raise UsageError(
            f"image is {image.shape}, too long for its width; resized it may have {LONGEST:,} pixels a side"
        )
