"""One loop over pixels, in C's integers."""

from __future__ import annotations

import cython
import numpy as np

from labkit.kinds import loops
from labkit.stages.lab import tables


def both(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Linear light and cube roots."""
    return tables()


@loops("lab", scratch=both)
def lab(
    image: cython.const[cython.uchar][:, :, ::1],
    out: cython.uchar[:, :, ::1],
    light: cython.int[::1],
    root: cython.int[::1],
) -> None:
    """One loop over pixels, six look-ups each."""
    row: cython.Py_ssize_t
    column: cython.Py_ssize_t
    blue: cython.int
    green: cython.int
    red: cython.int
    x: cython.int
    y: cython.int
    z: cython.int
    for row in range(image.shape[0]):
        for column in range(image.shape[1]):
            blue = light[image[row, column, 0]]
            green = light[image[row, column, 1]]
            red = light[image[row, column, 2]]
            x = root[(1777 * red + 1541 * green + 778 * blue + 2048) >> 12]
            y = root[(871 * red + 2929 * green + 296 * blue + 2048) >> 12]
            z = root[(73 * red + 448 * green + 3575 * blue + 2048) >> 12]
            out[row, column, 0] = (296 * y - 1320550) >> 15  # all three stay within 0 … 255
            out[row, column, 1] = ((500 * (x - y) + 16384) >> 15) + 128
            out[row, column, 2] = ((200 * (y - z) + 16384) >> 15) + 128
