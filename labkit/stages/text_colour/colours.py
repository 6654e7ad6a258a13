"""Clusters of the distinct colours, each with how often it comes, in place of the pixels."""

from __future__ import annotations

import numpy as np

from labkit.core import variant
from labkit.stages.text_colour import Plane, clustered


@variant("text_colour", kind="numpy")
def numpy_colours(image: np.ndarray) -> np.ndarray:
    """np.unique of packed colours; the steps are then over colours, of which text has few."""
    # block: pack colours
    packed = image.reshape(-1, 3).astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    # block: count colours
    colours, counts = np.unique(packed, return_counts=True)
    # block: steps
    levels = np.array([colours >> 16, colours >> 8 & 255, colours & 255], np.float64)
    weighed = levels * counts
    count, sums = int(counts.sum()), [int(total) for total in weighed.sum(axis=1)]

    def parted(plane: Plane) -> tuple[int, list[int]]:
        blue, green, red, place = plane
        nearer = (levels[0] * blue + levels[1] * green) + levels[2] * red > place
        return int(counts[nearer].sum()), [int(total) for total in weighed[:, nearer].sum(axis=1)]

    return clustered(count, sums, [int(total) for total in (weighed * levels).sum(axis=1)], parted)
