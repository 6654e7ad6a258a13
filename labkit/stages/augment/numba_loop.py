"""Loops that Numba compiles: one pass turns and looks up, one pass blurs row by row.

Nothing as large as the picture is held in floating point: a blurred row is built from the rows above and below, and blurred
along itself while it is in the cache.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from labkit.core import variant
from labkit.stages.augment.draw import Choices, orientation, table, weights


@njit(cache=True, nogil=True)
def _turn(image, values, transpose, left_right, upside_down, result):  # type: ignore[no-untyped-def]
    height, width, _ = image.shape
    rows, columns, _ = result.shape
    block = 32  # pixels: read and written in squares, so that a transposition uses each cache line fully
    for y0 in range(0, height, block):
        for x0 in range(0, width, block):
            for y in range(y0, min(height, y0 + block)):
                for x in range(x0, min(width, x0 + block)):
                    v, u = (x, y) if transpose else (y, x)
                    if left_right:
                        u = columns - 1 - u
                    if upside_down:
                        v = rows - 1 - v
                    result[v, u, 0] = values[image[y, x, 0]]
                    result[v, u, 1] = values[image[y, x, 1]]
                    result[v, u, 2] = values[image[y, x, 2]]


@njit(cache=True, nogil=True)
def _mirrored(place, count):  # type: ignore[no-untyped-def]
    """The place that a place beyond the border shows."""
    if count == 1:
        return 0
    place = abs(place) % (2 * (count - 1))
    return min(place, 2 * (count - 1) - place)


@njit(cache=True, nogil=True)
def _blur(image, taps, result):  # type: ignore[no-untyped-def]
    """``image`` and ``result`` are uint8 (h, 3w); taps float32: the middle one, then those at distance 1, 2, ..."""
    height, count = image.shape
    radius = len(taps) - 1
    line = np.empty(count + 6 * radius, np.float32)
    middle = line[3 * radius : 3 * radius + count]
    total = np.empty(count, np.float32)
    for y in range(height):
        for j in range(count):
            middle[j] = taps[0] * np.float32(image[y, j])
        for k in range(1, radius + 1):
            above, below = image[_mirrored(y - k, height)], image[_mirrored(y + k, height)]
            weight = taps[k]
            for j in range(count):
                middle[j] += weight * np.float32(np.int32(above[j]) + np.int32(below[j]))
        for k in range(1, radius + 1):
            before, after = _mirrored(-k, count // 3), _mirrored(count // 3 - 1 + k, count // 3)
            for c in range(3):
                line[3 * (radius - k) + c] = middle[3 * before + c]
                line[3 * radius + count + 3 * (k - 1) + c] = middle[3 * after + c]
        for j in range(count):
            total[j] = taps[0] * middle[j] + np.float32(0.5)  # truncated in the end
        for k in range(1, radius + 1):
            weight = taps[k]
            left, right = line[3 * (radius - k) :], line[3 * (radius + k) :]
            for j in range(count):
                total[j] += weight * (left[j] + right[j])
        for j in range(count):
            result[y, j] = np.uint8(np.int32(min(total[j], np.float32(255))))


@variant("augment", kind="numba")
def numba_loop(image: np.ndarray, choices: Choices) -> np.ndarray:
    """Turn, flip and table in squares, then the blur with one row of float32; one thread."""
    symmetry = orientation(choices)
    height, width, _ = image.shape
    turned = np.empty((width, height, 3) if symmetry[0] else image.shape, np.uint8)
    _turn(image, table(choices.alpha, choices.beta), *symmetry, turned)
    if choices.size == 1:
        return turned
    taps = weights(choices.size, choices.sigma)[choices.size // 2 :].astype(np.float32)
    blurred = np.empty_like(turned)
    _blur(turned.reshape(len(turned), -1), taps, blurred.reshape(len(turned), -1))
    return blurred
