"""Gathered rows times their weights, then two products of matrices."""

from __future__ import annotations

from typing import Any

from labkit.kinds import arrays
from labkit.kinds.taps import weighed
from labkit.stages.phash import BITS, COSINES, MARGIN, SMALL


@arrays("phash")
def phash(xp: Any, image: Any) -> Any:
    """In float64, in which sums of whole numbers are exact and means halfway between two levels lie there."""
    values = xp.astype(xp.reshape(image, (*image.shape[:2], -1)), xp.float64)
    lower, down = weighed(xp, values, 0, SMALL, "area")
    made, across = weighed(xp, lower, 1, SMALL, "area")
    levels = xp.astype(made / (down * across) + 0.5, xp.int32)
    if image.ndim == 3:
        grey = (3735 * levels[..., 0] + 19235 * levels[..., 1] + 9798 * levels[..., 2] + 16384) >> 15
    else:
        grey = levels[..., 0]
    cosines = xp.asarray(COSINES, device=getattr(image, "device", None))
    row = xp.reshape(cosines @ xp.astype(grey, xp.float64) @ cosines.T, (-1,))
    order = xp.sort(row)
    median = (order[BITS // 2 - 1] + order[BITS // 2]) / 2
    return xp.astype(row > median + MARGIN, xp.uint8)
