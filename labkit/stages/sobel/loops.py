"""One loop over pixels and their eight neighbours."""

from __future__ import annotations

import cython

from labkit.kinds import loops


@loops("sobel")
def sobel(image: cython.const[cython.uchar][:, ::1], of: cython.int, out: cython.short[:, ::1]) -> None:
    """One loop over pixels; where a neighbour is missing, the opposite one."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    above: cython.Py_ssize_t
    below: cython.Py_ssize_t
    left: cython.Py_ssize_t
    right: cython.Py_ssize_t
    height: cython.Py_ssize_t
    width: cython.Py_ssize_t
    corners: cython.int
    across: cython.int
    down: cython.int
    height = image.shape[0]
    width = image.shape[1]
    for y in range(height):
        above = y - 1 if y > 0 else min(1, height - 1)
        below = y + 1 if y < height - 1 else max(height - 2, 0)
        for x in range(width):
            left = x - 1 if x > 0 else min(1, width - 1)
            right = x + 1 if x < width - 1 else max(width - 2, 0)
            across = 0
            down = 0
            corners = image[below, right]
            corners -= image[above, left]  # it counts in both directions alike
            if of != 2:
                across = image[y, right]
                across -= image[y, left]
                across = 2 * across + corners
                across += image[above, right]
                across -= image[below, left]
            if of != 1:
                down = image[below, x]
                down -= image[above, x]
                down = 2 * down + corners
                down += image[below, left]
                down -= image[above, right]
            out[y, x] = abs(across) + abs(down) if of == 0 else across + down
