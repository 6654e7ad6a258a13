"""No loop over boxes or pixels: the pixels of all crops, one after the other, are one long row that NumPy computes in chunks.

Chunks keep the some 30 temporary arrays small, whatever the page. Still every addition is a pass over an array, and four
neighbours × three channels are gathered one by one: compiled loops do that in one go.
"""

from __future__ import annotations

import numpy as np

from labkit.core import variant
from labkit.stages.crop_boxes import sizes
from labkit.stages.crop_boxes.homography import homographies

CHUNK = 1 << 14  # crop pixels; a quarter takes 1.2 times as long (more calls), four times as many 1.3 (the cache)
BITS = 11  # positions are rounded to 1/2048 pixel, so that weights and sums fit into int32
STEPS = 1 << BITS


def numpy_homographies(page: np.ndarray, boxes: np.ndarray) -> list[np.ndarray]:
    """All homographies in closed form, then gathers and integer weights over chunks of pixels."""
    # block: sizes
    shapes = sizes(boxes, page.shape)
    areas = shapes[:, 0] * shapes[:, 1]
    good = areas > 0
    ends = np.cumsum(areas)

    # block: homography
    matrices = homographies(boxes[good], shapes[good]).reshape(-1, 9).T
    widths = shapes[good, 0]
    edges = np.concatenate([[0], ends[good]])

    # block: warp
    total = int(edges[-1])
    pixels = np.empty((total, 3), np.uint8)
    for first in range(0, total, CHUNK):
        last = min(total, first + CHUNK)
        a, b = np.searchsorted(edges, [first, last - 1], "right") - [1, 0]  # the boxes that this chunk has part of
        counts = np.diff(np.clip(edges[a : b + 1], first, last))
        place = np.arange(first, last) - np.repeat(edges[a:b], counts)
        y, x = np.divmod(place, np.repeat(widths[a:b], counts))
        _blend(page, np.repeat(matrices[:, a:b], counts, axis=1), x, y, pixels[first:last])

    # block: collect
    return [
        pixels[end - width * height : end].reshape(height, width, 3).copy()
        for end, (width, height) in zip(ends.tolist(), shapes.tolist(), strict=True)
    ]


def _blend(page: np.ndarray, m: np.ndarray, x: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
    """Bilinear values at the places that matrices ``m`` (9, n) give to crop pixels (x, y), into uint8 (n, 3)."""
    rows, columns, _ = page.shape
    scale = STEPS / (m[6] * x + m[7] * y + m[8])
    u = np.rint((m[0] * x + m[1] * y + m[2]) * scale).astype(np.int64)
    v = np.rint((m[3] * x + m[4] * y + m[5]) * scale).astype(np.int64)
    left, top = u >> BITS, v >> BITS
    across, down = (u & (STEPS - 1)).astype(np.int32), (v & (STEPS - 1)).astype(np.int32)
    clear = bool(left.min() >= 0 and top.min() >= 0 and left.max() < columns - 1 and top.max() < rows - 1)
    neighbours = []
    for row, weight_row in ((top, STEPS - down), (top + 1, down)):
        for column, weight_column in ((left, STEPS - across), (left + 1, across)):
            at, weight = (row * columns + column) * 3, weight_row * weight_column
            if not clear:
                inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
                at, weight = np.where(inside, at, 0), weight * inside
            neighbours.append((at, weight))
    flat = page.reshape(-1)
    for channel in range(3):
        value = np.full(len(x), 1 << (2 * BITS - 1), np.int32)
        for at, weight in neighbours:
            value += flat[channel:].take(at) * weight
        out[:, channel] = value >> (2 * BITS)


variant("crop_boxes", kind="numpy", partial=numpy_homographies)(numpy_homographies)
