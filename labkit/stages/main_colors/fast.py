"""The talk's second step: integers instead of floating point, one panel instead of many bands."""

from __future__ import annotations

import numpy as np

from labkit.core import variant
from labkit.stages.main_colors import BAND, MainColors, ties_by_color


@variant("main_colors", kind="numpy")
def fast(image: np.ndarray, n: int = 6) -> MainColors:
    """Pack by bit shifts, fill one preallocated panel."""
    # block: drop transparent
    pixels = image[image[:, :, 3] != 0][:, :3].astype(np.uint32)

    # block: pack colours
    packed = pixels[:, 0] << 16 | pixels[:, 1] << 8 | pixels[:, 2]

    # block: count
    values, counts = np.unique(packed, return_counts=True)
    order = ties_by_color(np.argsort(counts)[::-1], counts, n)
    chosen = values[order]
    colors = np.stack([chosen >> 16, chosen >> 8 & 255, chosen & 255], axis=1).astype(np.uint8)

    # block: panel
    panel = np.empty((len(colors) * BAND[0], BAND[1], 3), np.uint8)
    for k, color in enumerate(colors):
        panel[k * BAND[0] : (k + 1) * BAND[0]] = color
    return MainColors(colors, counts[order], panel)
