"""Counts along the frame, then a look at every pixel that could widen the box."""

from __future__ import annotations

import cython
import numpy as np

from labkit.kinds import loops


def room(image: np.ndarray, tolerance: int, margin: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The picture with an axis of channels, counts of levels, and the background of each channel."""
    pixels = image.reshape(*image.shape[:2], -1)
    return pixels, np.zeros(256, np.int64), np.zeros(pixels.shape[2], np.int64)


@loops("trim_margins", scratch=room)
def trim_margins(
    image: object,
    tolerance: cython.int,
    margin: cython.Py_ssize_t,
    out: cython.int[::1],
    pixels: cython.const[cython.uchar][:, :, ::1],
    counts: cython.longlong[::1],
    levels: cython.longlong[::1],
) -> None:
    """Row after row; of a row within the box only what lies beside it is looked at."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    k: cython.Py_ssize_t
    height: cython.Py_ssize_t
    width: cython.Py_ssize_t
    top: cython.Py_ssize_t
    left: cython.Py_ssize_t
    bottom: cython.Py_ssize_t
    right: cython.Py_ssize_t
    step: cython.Py_ssize_t
    seen: cython.longlong
    count: cython.longlong
    value: cython.longlong
    found: cython.bint
    height = pixels.shape[0]
    width = pixels.shape[1]
    count = height * width - max(height - 2, 0) * max(width - 2, 0)
    for k in range(pixels.shape[2]):
        for x in range(256):
            counts[x] = 0
        for y in range(height):
            step = 1 if y == 0 or y == height - 1 else max(width - 1, 1)
            x = 0
            while x < width:
                counts[pixels[y, x, k]] += 1
                x += step
        seen = counts[0]
        while seen <= (count - 1) // 2:
            levels[k] += 1
            seen += counts[levels[k]]
    top = height
    left = width
    bottom = 0
    right = 0
    for y in range(height):
        found = False
        x = 0
        while x < width:
            if found and x >= left and x < right:
                x = right  # in the box already
                continue
            for k in range(pixels.shape[2]):
                value = pixels[y, x, k]
                if abs(value - levels[k]) > tolerance:
                    found = True
                    left = min(left, x)
                    right = max(right, x + 1)
            x += 1
        if found:
            top = min(top, y)
            bottom = y + 1
    if bottom == 0:
        top = 0
        left = 0
        bottom = height
        right = width
    out[0] = max(top - margin, 0)
    out[1] = max(left - margin, 0)
    out[2] = min(bottom + margin, height)
    out[3] = min(right + margin, width)
