"""Stage ``resize``: a picture in another size.

Read the files in this order: arrays (the reference), library (the peers), loops, native.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from labkit.core import BGR, Grey, OneOf, Shaped, Whole, Within, stage
from labkit.stages.resize import workloads

# The exact value is rounded, half a level up; OpenCV rounds its own: to even, or of weights of 11 bits. Of a regular pattern
# all values may lie halfway between two levels.
TOLERANCE = Within(1, mean=1)


def size(image: np.ndarray, side: int, form: str) -> tuple[int, int]:
    """Rows and columns of the output."""
    height, width = image.shape[:2]
    if form == "exact":
        return side, side
    short = min(height, width)
    return (height, width) if short <= side else (side * height // short, side * width // short)


def resized(image: np.ndarray, side: int, form: str, interpolation: str) -> tuple[int, ...]:
    """The shape of the output."""
    return (*size(image, side, form), *image.shape[2:])


@stage(
    reference="numpy",
    agreement=TOLERANCE,
    workloads=workloads.ALL,
    edge_cases=workloads.edge_cases,
    try_also={"side": (1, 5, 32), "form": ("exact",), "interpolation": ("bilinear",)},
    empty_cells={"multiprocess": "a picture is read once and little is computed: to send it to a process takes longer"},
)
def resize(
    image: Grey | BGR,
    side: Annotated[int, Whole(1, 4096)] = 224,
    form: Annotated[str, OneOf(("short", "exact"))] = "short",
    interpolation: Annotated[str, OneOf(("area", "bilinear"))] = "area",
) -> Annotated[np.ndarray, Shaped(resized)]:
    """Give a picture another size.

    Parameters
    ----------
    image : uint8 (h, w) or (h, w, 3), C-contiguous, h ≥ 1 and w ≥ 1.
    side : pixels, 1 to 4096; networks take 224, 299, 336, 384, 448, 512, 600.
    form : ``short``: the shorter side becomes ``side`` and the longer one side · long // short, as torchvision rounds it. It
        only makes smaller: a picture whose shorter side is no longer than ``side`` comes back as it is, so no picture, however
        long and thin, grows. ``exact``: both sides become ``side``, smaller or larger, whatever the shape was.
    interpolation : ``area``: the mean of what an output pixel covers, parts of pixels counted as parts, for each axis whether it
        gets shorter or longer. ``bilinear``: between the four pixels around its middle, ((i + ½) · in/out - ½ along each
        axis, the border repeated outwards); it passes over pixels where a picture gets less than half as large.

    Returns
    -------
    uint8 (rows, columns) or (rows, columns, 3), C-contiguous: the exact value rounded, half a level upwards.

    Raises
    ------
    TypeError : the image is no NumPy array, side no integer, form or interpolation no text.
    ValueError : another dtype or shape, an empty image, one that is not C-contiguous, a parameter out of range.

    Source: OpenCV, modules/imgproc/src/resize.cpp (INTER_AREA, INTER_LINEAR); torchvision, Resize (the longer side).
    """
