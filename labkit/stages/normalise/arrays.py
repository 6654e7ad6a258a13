"""Whole planes at a time."""

from __future__ import annotations

from typing import Any

from labkit.kinds import arrays, planes


@arrays("normalise")
def normalise(xp: Any, image: Any, to: str) -> Any:
    """Planes of float32, scaled and shifted."""
    return planes.made(xp, image, to)
