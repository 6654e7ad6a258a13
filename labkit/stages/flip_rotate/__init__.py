"""Stage ``flip_rotate``: the eight ways to lay a picture on its own grid, less the one that changes nothing and one diagonal.

Read the files in this order: library (the peers), arrays, loops, native.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from labkit.core import BGR, Grey, OneOf, Shaped, stage

WAYS = ("left_right", "upside_down", "half_turn", "clockwise", "anticlockwise", "transpose")


def shape_of(image: np.ndarray, way: str) -> tuple[int, ...]:
    """Of the output."""
    height, width = image.shape[:2]
    return (width, height, *image.shape[2:]) if WAYS.index(way) >= 3 else image.shape


@stage(
    reference="opencv",
    try_also={"way": WAYS},
    empty_cells={"multiprocess": "it moves bytes and no more: to send a picture to a process moves them twice"},
)
def flip_rotate(
    image: Grey | BGR, way: Annotated[str, OneOf(WAYS)] = "clockwise"
) -> Annotated[np.ndarray, Shaped(shape_of)]:
    """Flip a picture, turn it by quarters, or swap its rows and columns.

    Parameters
    ----------
    image : uint8 (h, w) or (h, w, 3), C-contiguous, h ≥ 1 and w ≥ 1.
    way : "left_right" (a mirror beside it), "upside_down" (a mirror below it), "half_turn" (both), "clockwise" and
        "anticlockwise" (a quarter turn), "transpose" (rows become columns).

    Returns
    -------
    uint8 (h, w) or (h, w, 3), after the last three (w, h) or (w, h, 3); C-contiguous, never a view of the input.

    Raises
    ------
    TypeError : the image is no NumPy array, way no string.
    ValueError : another dtype or shape, an empty image, one that is not C-contiguous, another way.
    """
