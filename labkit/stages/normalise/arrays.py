"""Whole planes at a time."""

from __future__ import annotations

from typing import Any

from labkit.kinds import arrays
from labkit.stages.normalise import scale_and_shift


@arrays("normalise")
def normalise(xp: Any, image: Any, to: str) -> Any:
    """Planes of float32, scaled and shifted."""
    planes = xp.astype(xp.flip(xp.permute_dims(image, (2, 0, 1)), axis=0), xp.float32)
    scale, shift = (xp.asarray(one[:, None, None].tolist(), dtype=xp.float32) for one in scale_and_shift(to))
    if hasattr(image, "device") and not isinstance(image.device, str):
        scale, shift = scale.to(image.device), shift.to(image.device)
    return planes * scale + shift
