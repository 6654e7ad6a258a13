"""Sums of columns that move down a row at a time, and a sum that moves along them."""

from __future__ import annotations

import cython
import numpy as np

from labkit.kinds import loops
from labkit.stages.adaptive_threshold import fewest_above


def room(image: np.ndarray, block: int, c: float) -> tuple[np.ndarray, np.ndarray]:
    """A sum a column, and the bound of each level."""
    return np.zeros(image.shape[1], np.int64), fewest_above(block, c)


@loops("adaptive_threshold", scratch=room)
def adaptive_threshold(
    image: cython.const[cython.uchar][:, ::1],
    block: cython.int,
    c: cython.double,
    out: cython.uchar[:, ::1],
    columns: cython.longlong[::1],
    bounds: cython.longlong[::1],
) -> None:
    """Running sums: two additions a pixel down, two across."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    k: cython.Py_ssize_t
    at: cython.Py_ssize_t
    radius: cython.Py_ssize_t
    last_row: cython.Py_ssize_t
    last: cython.Py_ssize_t
    total: cython.longlong
    radius = block // 2
    last_row = image.shape[0] - 1
    last = image.shape[1] - 1
    for k in range(block):  # the rows around row -1
        at = min(max(k - radius - 1, 0), last_row)
        for x in range(last + 1):
            columns[x] += image[at, x]
    for y in range(last_row + 1):
        at = max(y - radius - 1, 0)
        for x in range(last + 1):
            columns[x] -= image[at, x]
        at = min(y + radius, last_row)
        for x in range(last + 1):
            columns[x] += image[at, x]
        total = columns[0] * (radius + 1)  # of what lies around column -1
        for k in range(radius):
            total += columns[min(k, last)]
        for x in range(last + 1):
            total += columns[min(x + radius, last)] - columns[max(x - radius - 1, 0)]
            out[y, x] = 255 if total < bounds[image[y, x]] else 0
