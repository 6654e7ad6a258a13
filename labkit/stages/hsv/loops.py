"""One loop over pixels, in C's integers."""

from __future__ import annotations

import cython
import numpy as np

from labkit.kinds import loops
from labkit.stages.hsv import tables


def both(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """S and H."""
    return tables()


@loops("hsv", scratch=both)
def hsv(
    image: cython.const[cython.uchar][:, :, ::1],
    out: cython.uchar[:, :, ::1],
    per_value: cython.int[::1],
    per_spread: cython.int[::1],
) -> None:
    """One loop over pixels, two look-ups each."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    blue: cython.int
    green: cython.int
    red: cython.int
    value: cython.int
    spread: cython.int
    turn: cython.int
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            blue = 1 * image[y, x, 0]
            green = 1 * image[y, x, 1]
            red = 1 * image[y, x, 2]
            value = max(blue, green, red)
            spread = value - min(blue, green, red)
            if value == red:
                turn = green - blue
            elif value == green:
                turn = blue - red + 2 * spread
            else:
                turn = red - green + 4 * spread
            turn = (turn * per_spread[spread] + 2048) >> 12
            out[y, x, 0] = turn + 180 if turn < 0 else turn
            out[y, x, 1] = (spread * per_value[value] + 2048) >> 12
            out[y, x, 2] = value
