"""Whole channels at a time."""

from __future__ import annotations

from typing import Any

from labkit.kinds import arrays
from labkit.stages.saturation import weight_of


@arrays("saturation")
def saturation(xp: Any, image: Any, factor: float) -> Any:
    """Grey in 32 bits, and the pixels' distances from it scaled."""
    wide = xp.astype(image, xp.int32)
    grey = (3735 * wide[..., :1] + 19235 * wide[..., 1:2] + 9798 * wide[..., 2:] + 16384) >> 15
    moved = grey + ((weight_of(factor) * (wide - grey) + 2048) >> 12)
    return xp.astype(xp.clip(moved, 0, 255), xp.uint8)
