"""One pass: a count and a Laplacian a pixel."""

from __future__ import annotations

import cython
import numpy as np

from labkit.kinds import loops
from labkit.stages.outliers import numbers


def sums(image: np.ndarray) -> np.ndarray:
    """What is filled: the histogram, then the Laplacian's sum and sum of squares."""
    return np.zeros(258, np.int64)


def row_of(filled: np.ndarray) -> np.ndarray:
    """The four numbers."""
    return numbers(filled[:256], int(filled[256]), int(filled[257]))


@loops("outliers", output=sums, result=row_of)
def outliers(image: cython.const[cython.uchar][:, ::1], out: cython.longlong[::1]) -> None:
    """Whole numbers only; roots and logarithms come after."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    above: cython.Py_ssize_t
    below: cython.Py_ssize_t
    left: cython.Py_ssize_t
    right: cython.Py_ssize_t
    height: cython.Py_ssize_t
    width: cython.Py_ssize_t
    here: cython.longlong
    total: cython.longlong
    squares: cython.longlong
    height = image.shape[0]
    width = image.shape[1]
    total = 0
    squares = 0
    for y in range(height):
        above = y - 1 if y > 0 else min(1, height - 1)
        below = y + 1 if y < height - 1 else max(height - 2, 0)
        for x in range(width):
            left = x - 1 if x > 0 else min(1, width - 1)
            right = x + 1 if x < width - 1 else max(width - 2, 0)
            here = image[y, x]
            out[here] += 1
            here = -4 * here
            here += image[above, x]
            here += image[below, x]
            here += image[y, left]
            here += image[y, right]
            total += here
            squares += here * here
    out[256] = total
    out[257] = squares
