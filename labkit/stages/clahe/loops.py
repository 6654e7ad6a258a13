"""A loop over pixels that counts, one over levels that makes tables, one over pixels that blends."""

from __future__ import annotations

from typing import Any

import cython
import numpy as np

from labkit.kinds import loops
from labkit.stages.clahe.grid import continued, most_of, side

ONE = 1 << 15  # a whole share, in whole numbers


def room(image: np.ndarray, limit: float, columns: int, rows: int) -> tuple[Any, ...]:
    """The continued picture, its tiles' counts and tables, the most of a count, and where rows and columns lie between tiles."""
    whole = np.ascontiguousarray(continued(image, columns, rows))
    whole.flags.writeable = False
    high, wide = whole.shape[0] // rows, whole.shape[1] // columns
    places = side(image.shape[0], high, rows), side(image.shape[1], wide, columns)
    counts, tables = np.zeros((rows * columns, 256), np.int64), np.empty((rows * columns, 256), np.uint8)
    parts = [(one.before, one.behind, np.rint(one.share_behind * ONE).astype(np.int64)) for one in places]
    return (whole, counts, tables, most_of(limit, high * wide), *parts[0], *parts[1])


@loops("clahe", scratch=room)
def clahe(
    image: cython.const[cython.uchar][:, ::1],
    limit: cython.double,
    columns: cython.Py_ssize_t,
    rows: cython.Py_ssize_t,
    out: cython.uchar[:, ::1],
    whole: cython.const[cython.uchar][:, ::1],
    counts: cython.longlong[:, ::1],
    tables: cython.uchar[:, ::1],
    most: cython.longlong,
    above: cython.longlong[::1],
    below: cython.longlong[::1],
    share_below: cython.longlong[::1],
    before: cython.longlong[::1],
    behind: cython.longlong[::1],
    share_behind: cython.longlong[::1],
) -> None:
    """Counts, tables, then four look-ups a pixel, blended in whole numbers."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    tile: cython.Py_ssize_t
    level: cython.Py_ssize_t
    high: cython.Py_ssize_t
    wide: cython.Py_ssize_t
    pixels: cython.longlong
    over: cython.longlong
    each: cython.longlong
    rest: cython.longlong
    step: cython.longlong
    total: cython.longlong
    nearest: cython.longlong
    upper: cython.longlong
    lower: cython.longlong
    high = whole.shape[0] // rows
    wide = whole.shape[1] // columns
    pixels = high * wide
    for y in range(whole.shape[0]):
        for x in range(whole.shape[1]):
            counts[(y // high) * columns + x // wide, whole[y, x]] += 1
    for tile in range(rows * columns):
        over = 0
        for level in range(256):
            if counts[tile, level] > most:
                over += counts[tile, level] - most
                counts[tile, level] = most
        each = over // 256
        rest = over - 256 * each
        step = 256
        if rest > 0:
            step = max(256 // rest, 1)
        total = 0
        for level in range(256):
            total += counts[tile, level] + each
            if rest > 0 and level % step == 0:
                total += 1
                rest -= 1
            nearest = 255 * total // pixels
            over = 2 * (255 * total - nearest * pixels)
            if over > pixels or (over == pixels and nearest % 2 == 1):
                nearest += 1
            tables[tile, level] = nearest
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            level = image[y, x]
            upper = 32768 * tables[above[y] * columns + before[x], level]
            upper += share_behind[x] * tables[above[y] * columns + behind[x], level]
            upper -= share_behind[x] * tables[above[y] * columns + before[x], level]
            lower = 32768 * tables[below[y] * columns + before[x], level]
            lower += share_behind[x] * tables[below[y] * columns + behind[x], level]
            lower -= share_behind[x] * tables[below[y] * columns + before[x], level]
            total = upper * (32768 - share_below[y]) + lower * share_below[y]
            nearest = total >> 30
            over = total - (nearest << 30)
            if over > 536870912 or (over == 536870912 and nearest % 2 == 1):
                nearest += 1
            out[y, x] = nearest
