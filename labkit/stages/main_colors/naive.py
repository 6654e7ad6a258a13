"""The talk's function as it was first written: copies, floating point, and a new array for every band."""

from __future__ import annotations

import numpy as np

from labkit.core import variant
from labkit.stages.main_colors import BAND, MainColors, ties_by_color


@variant("main_colors", kind="numpy")
def naive(image: np.ndarray, n: int = 6) -> MainColors:
    """Boolean-index an (n, 3) array, pack in float64, np.unique, argsort, concatenate the bands."""
    # block: drop transparent
    pixels = image[image[:, :, 3] != 0][:, :3].astype(np.uint32)

    # block: pack colours
    packed = pixels[:, 0] * 1e6 + pixels[:, 1] * 1e3 + pixels[:, 2]

    # block: count
    values, counts = np.unique(packed, return_counts=True)
    order = ties_by_color(np.argsort(counts)[::-1], counts, n)
    chosen = values[order].astype(np.int64)
    colors = np.stack([chosen // 1_000_000, chosen // 1_000 % 1_000, chosen % 1_000], axis=1).astype(np.uint8)

    # block: panel
    bands = [np.ones((*BAND, 3), np.uint8) * color for color in colors]
    panel = np.concatenate([np.ones((0, BAND[1], 3), np.uint8), *bands])  # the empty one: there may be no colour at all
    return MainColors(colors, counts[order], panel)
