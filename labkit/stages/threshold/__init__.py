"""Stage ``threshold``: black or white by one level for the whole picture, given or found by Otsu's method.

Read the files in this order: library (the peers), arrays, loops, native.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from labkit.core import Grey, OneOf, SameShape, Whole, Workload, stage
from labkit.core.contract import Image
from labkit.core.derived import SIZES, picture


def inputs(size: tuple[int, int], method: str) -> tuple[Any, ...]:
    """A photograph, and by which method."""
    return (picture(Image(1), 0, *size), method)


WORKLOADS = [
    Workload(f"{'fixed-' * (method == 'fixed')}{name}", partial(inputs, size, method), f"{size[1]}×{size[0]}, {method}")
    for method in ("otsu", "fixed")
    for name, size in SIZES.items()
]


@stage(
    reference="opencv",
    workloads=WORKLOADS,
    try_also={"method": ("fixed",)},
    empty_cells={
        "multiprocess": "Otsu's level is the whole picture's, and to compare with it is quicker than to send a picture"
    },
)
def threshold(
    image: Grey,
    method: Annotated[str, OneOf(("otsu", "fixed"))] = "otsu",
    level: Annotated[int, Whole(0, 255)] = 127,
) -> SameShape:
    """Make a grey picture black and white by one level.

    Parameters
    ----------
    image : uint8 (h, w), C-contiguous, h ≥ 1 and w ≥ 1.
    method : ``otsu``: by the level that parts the picture into two classes of the largest variance between them; ``fixed``: by
        ``level``.
    level : 0 to 255; with ``otsu`` it says nothing.

    Returns
    -------
    uint8 (h, w), C-contiguous, 0 or 255: 255 where image > level, as
        ``cv2.threshold(image, level, 255, cv2.THRESH_BINARY)``, with ``| cv2.THRESH_OTSU`` for ``otsu`` by OpenCV's own code:
        Intel's IPP, where OpenCV has it, takes another of two levels that are equally good.

    Raises
    ------
    TypeError : the image is no NumPy array, the method no text, the level no integer.
    ValueError : another dtype or shape, an empty image, one that is not C-contiguous, another method, a level out of range.

    Source: N. Otsu, "A Threshold Selection Method from Gray-Level Histograms", IEEE Transactions on Systems, Man, and
    Cybernetics 9(1), 1979; OpenCV, imgproc/src/thresh.cpp, getThreshVal_Otsu, for the order of operations, which decides ties.
    """
