"""Clusters of the distinct colours, each with how often it comes, in place of the pixels."""

from __future__ import annotations

import numpy as np

from labkit.core import variant
from labkit.stages.text_colour import ROUNDS, colours_of, first_plane, plane_between


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
    above, parts = 0, [0, 0, 0]
    plane = first_plane(count, sums, [int(total) for total in (weighed * levels).sum(axis=1)])
    for _ in range(ROUNDS):
        if plane is None:
            break
        blue, green, red, place = plane
        nearer = (levels[0] * blue + levels[1] * green) + levels[2] * red > place
        found = int(counts[nearer].sum()), [int(total) for total in weighed[:, nearer].sum(axis=1)]
        if found == (above, parts):
            break
        above, parts = found
        if above in (0, count):
            break
        plane = plane_between(count, sums, above, parts)
    return colours_of(count, sums, above, parts)
