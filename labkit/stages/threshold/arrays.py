"""A histogram and a comparison."""

from __future__ import annotations

from typing import Any

from labkit.kinds import arrays
from labkit.kinds.otsu import threshold as otsu


@arrays("threshold")
def threshold(xp: Any, image: Any, method: str, level: int) -> Any:
    """bincount, which NumPy and torch both have; Otsu's 256 steps, each of which needs the last, in Python."""
    if method == "otsu":
        level = otsu(xp.bincount(xp.reshape(image, (-1,)), minlength=256).tolist())
    return xp.astype(image > level, xp.uint8) * 255
