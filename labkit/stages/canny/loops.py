"""Derivatives, a comparison with the neighbours, and a stack of pixels whose neighbours are to be looked at."""

from __future__ import annotations

import cython
import numpy as np

from labkit.kinds import loops


def room(image: np.ndarray, low: int, high: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Both derivatives, the steepness with a frame of nothing, and a stack that would hold every pixel."""
    height, width = image.shape
    across, down = np.empty((height, width), np.int32), np.empty((height, width), np.int32)
    return across, down, np.zeros((height + 2, width + 2), np.int32), np.empty(height * width, np.int64)


@loops("canny", scratch=room)
def canny(
    image: cython.const[cython.uchar][:, ::1],
    low: cython.int,
    high: cython.int,
    out: cython.uchar[:, ::1],
    across: cython.int[:, ::1],
    down: cython.int[:, ::1],
    steep: cython.int[:, ::1],
    stack: cython.longlong[::1],
) -> None:
    """Three passes: derivatives, thin lines, what is joined to a strong one."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    above: cython.Py_ssize_t
    below: cython.Py_ssize_t
    left: cython.Py_ssize_t
    right: cython.Py_ssize_t
    height: cython.Py_ssize_t
    width: cython.Py_ssize_t
    waiting: cython.Py_ssize_t
    at: cython.longlong
    least: cython.int
    most: cython.int
    corners: cython.int
    dx: cython.int
    dy: cython.int
    here: cython.int
    before: cython.int
    after: cython.int
    height = image.shape[0]
    width = image.shape[1]
    least = min(low, high)
    most = max(low, high)
    for y in range(height):
        above = max(y - 1, 0)
        below = min(y + 1, height - 1)
        for x in range(width):
            left = max(x - 1, 0)
            right = min(x + 1, width - 1)
            corners = image[below, right]
            corners -= image[above, left]
            dx = image[y, right]
            dx -= image[y, left]
            dx = 2 * dx + corners
            dx += image[above, right]
            dx -= image[below, left]
            dy = image[below, x]
            dy -= image[above, x]
            dy = 2 * dy + corners
            dy += image[below, left]
            dy -= image[above, right]
            across[y, x] = dx
            down[y, x] = dy
            steep[y + 1, x + 1] = abs(dx) + abs(dy)
    waiting = 0
    for y in range(height):
        for x in range(width):
            here = steep[y + 1, x + 1]
            out[y, x] = 0
            if here > least:
                dx = abs(across[y, x])
                dy = abs(down[y, x])
                if dy * 32768 < dx * 13573:
                    before = steep[y + 1, x]
                    after = steep[y + 1, x + 2]
                elif dy * 32768 > dx * 79109:
                    before = steep[y, x + 1]
                    after = steep[y + 2, x + 1]
                elif (across[y, x] < 0) != (down[y, x] < 0):
                    before = steep[y, x + 2]
                    after = steep[y + 2, x] + 1
                else:
                    before = steep[y, x]
                    after = steep[y + 2, x + 2] + 1
                if here > before and here >= after:
                    out[y, x] = 1
                    if here > most:
                        out[y, x] = 255
                        stack[waiting] = y * width + x
                        waiting += 1
    while waiting > 0:
        waiting -= 1
        at = stack[waiting]
        y = at // width
        x = at % width
        for i in range(max(y - 1, 0), min(y + 2, height)):
            for j in range(max(x - 1, 0), min(x + 2, width)):
                if out[i, j] == 1:
                    out[i, j] = 255
                    stack[waiting] = i * width + j
                    waiting += 1
    for y in range(height):
        for x in range(width):
            if out[y, x] == 1:
                out[y, x] = 0
