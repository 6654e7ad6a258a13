"""Where tiles lie, what their tables are, and between which of them a pixel is: what variants in Python share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

LEVELS = 256


class Side(NamedTuple):
    """For each pixel along a side the tiles before and behind it, int64 (n,), and their shares, float32 (n,)."""

    before: np.ndarray
    behind: np.ndarray
    share_before: np.ndarray
    share_behind: np.ndarray


def side(count: int, size: int, tiles: int) -> Side:
    """A side of ``count`` pixels in ``tiles`` tiles of ``size``: shares follow from the distance to the tiles' middles."""
    at = np.arange(count).astype(np.float32) * np.float32(1 / np.float32(size)) - np.float32(0.5)
    first = np.floor(at)
    behind = at - first
    place = first.astype(np.int64)
    return Side(np.maximum(place, 0), np.minimum(place + 1, tiles - 1), np.float32(1) - behind, behind)


def continued(image: np.ndarray, columns: int, rows: int) -> np.ndarray:
    """The picture with sides that are multiples of the tiles', mirrored without the border's pixel."""
    height, width = image.shape
    if height % rows == 0 and width % columns == 0:
        return image
    down, across = _mirrored(height, rows - height % rows), _mirrored(width, columns - width % columns)
    return image[down[:, None], across]


def _mirrored(count: int, more: int) -> np.ndarray:
    """The places of so many pixels and of those that continue them."""
    if count == 1:
        return np.zeros(1 + more, np.int64)
    period = 2 * count - 2
    at = np.arange(count + more) % period
    return np.where(at < count, at, period - at)


def tables(image: np.ndarray, limit: float, columns: int, rows: int) -> tuple[np.ndarray, int, int]:
    """Each tile's table, uint8 (rows, columns, 256), and the tiles' height and width in pixels."""
    whole = continued(image, columns, rows)
    high, wide = whole.shape[0] // rows, whole.shape[1] // columns
    found = np.empty((rows, columns, LEVELS), np.uint8)
    most = most_of(limit, high * wide)
    scale = np.float32(255) / np.float32(high * wide)
    for row in range(rows):
        for column in range(columns):
            tile = whole[row * high : (row + 1) * high, column * wide : (column + 1) * wide]
            counts = dealt_out(np.bincount(tile.reshape(-1), minlength=LEVELS), most)
            found[row, column] = np.minimum(np.rint(np.cumsum(counts).astype(np.float32) * scale), 255)
    return found, high, wide


def most_of(limit: float, pixels: int) -> int:
    """The most that a level may have of a tile's pixels."""
    return max(int(limit * pixels / LEVELS), 1) if limit > 0 else pixels


def dealt_out(counts: np.ndarray, most: int) -> np.ndarray:
    """Counts of at most ``most``; what was above is dealt out to all levels, the rest to levels evenly apart."""
    above = int(np.maximum(counts - most, 0).sum())
    each, rest = divmod(above, LEVELS)
    made = np.minimum(counts, most) + each
    if rest:
        step = max(LEVELS // rest, 1)
        made[: rest * step : step] += 1
    return made
