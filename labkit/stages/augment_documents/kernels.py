"""Loops over a page's pixels, compiled by Numba: the arithmetic of augraphy's NumPy expressions, without their temporaries.

Every product and sum is rounded as NumPy rounds it (float64, in the same order, nothing fused), so results are equal.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def shares(ink: np.ndarray, cover: np.ndarray, paper: np.ndarray, above: np.ndarray, below: np.ndarray) -> None:
    """What ink uint8 (h, w, 3) and paper uint8 (h, w, 3) each give to the print, from 0 to 1: float64 (h, w, 3), both filled.

    ``cover``, uint8 (h, w), is 255 where the ink is black and 0 where it is white, hence transparent.
    """
    share = 1.0 / 255.0
    for y in range(ink.shape[0]):
        for x in range(ink.shape[1]):
            over, under = cover[y, x] * share, (255 - cover[y, x]) * share
            for c in range(3):
                below[y, x, c] = (paper[y, x, c] * share) * under
                above[y, x, c] = (ink[y, x, c] * share) * over


@njit(cache=True, nogil=True)
def truncate(values: np.ndarray, page: np.ndarray) -> None:
    """Values float64 (h, w, 3) from 0 to 255, without their fractions, into uint8 (h, w, 3)."""
    for y in range(values.shape[0]):
        for x in range(values.shape[1]):
            for c in range(3):
                page[y, x, c] = np.uint8(np.int64(values[y, x, c]))


@njit(cache=True, nogil=True)
def add_to_channel(image: np.ndarray, channel: int, change: np.ndarray) -> None:
    """Add a change int64 (h, w) to one channel of uint8 (h, w, 3), clipped, in place."""
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            image[y, x, channel] = np.uint8(min(max(image[y, x, channel] + change[y, x], 0), 255))


@njit(cache=True, nogil=True)
def streak(image: np.ndarray, percent: np.ndarray) -> None:
    """Darken each column of uint8 (h, w, 3) to a percentage, float64 (w,), in place."""
    table = np.empty((percent.size, 256), np.uint8)
    for x in range(percent.size):
        loss = 1 - (percent[x] / 100)
        for value in range(256):
            left = value - value * loss
            table[x, value] = np.uint8(np.int64(max(left, 0.0)))
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            for c in range(3):
                image[y, x, c] = table[x, image[y, x, c]]


@njit(cache=True, nogil=True)
def fixed_point_maps(
    x_of_row: np.ndarray, y_of_row: np.ndarray, x_of_column: np.ndarray, y_of_column: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The maps by which ``cv2.remap`` does what ``cv2.warpAffine`` does, of a source whose columns are all alike.

    Inputs int64 in 1/1024 pixel: a position is the sum of its row's and its column's part. As in OpenCV's imgwarp.cpp
    (WarpAffineInvoker): rounded to 1/32 pixel, split into a whole position and an index into the table of weights.
    """
    height, width = x_of_row.size, x_of_column.size
    whole, weights = np.empty((height, width, 2), np.int16), np.empty((height, width), np.uint16)
    for y in range(height):
        for x in range(width):
            across, down = (x_of_row[y] + x_of_column[x]) >> 5, (y_of_row[y] + y_of_column[x]) >> 5
            whole[y, x, 0] = 0
            whole[y, x, 1] = down >> 5
            weights[y, x] = (down & 31) * 32 + (across & 31)
    return whole, weights


@njit(cache=True, nogil=True)
def look_up(values: np.ndarray, other: np.ndarray, table: np.ndarray) -> None:
    """Replace the third channel of uint8 (h, w, 3) by ``table[value, other]``, in place; other uint8 (h, w)."""
    for y in range(values.shape[0]):
        for x in range(values.shape[1]):
            values[y, x, 2] = table[values[y, x, 2], other[y, x]]


@njit(cache=True, nogil=True)
def replace_where(image: np.ndarray, source: np.ndarray, chance: np.ndarray, below: float, edge: np.ndarray) -> None:
    """Take over the pixels of ``source`` whose chance, int64 (h, w), is small and whose edge, uint8 (h, w), is not 0."""
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            if edge[y, x] > 0 and chance[y, x] < below:
                for c in range(3):
                    image[y, x, c] = source[y, x, c]
