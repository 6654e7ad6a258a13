"""Rows and columns of the square alone are weighed, one tap after the other."""

from __future__ import annotations

from typing import Any

from labkit.kinds import arrays, planes
from labkit.kinds.taps import weighed
from labkit.stages.resize_crop_normalise import resized, window


@arrays("resize_crop_normalise")
def resize_crop_normalise(xp: Any, image: Any, short: int, crop: int, to: str) -> Any:
    """Weighed sums in float32, not rounded in between; then planes, scaled and shifted."""
    rows, columns = resized(image, short)
    top, left = window(image, short, crop)
    lower, down = weighed(xp, xp.astype(image, xp.float32), 0, rows, "area", top, crop)
    made, across = weighed(xp, lower, 1, columns, "area", left, crop)
    return planes.made(xp, made / (down * across), to)
