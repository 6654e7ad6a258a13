"""All neighbours at once, sorted."""

from __future__ import annotations

from typing import Any

from labkit.kinds import arrays


@arrays("median")
def median(xp: Any, image: Any, size: int) -> Any:
    """size² shifted copies, sorted; the middle one."""
    radius, (height, width) = size // 2, image.shape[:2]
    framed = xp.concat([image[:1]] * radius + [image] + [image[-1:]] * radius, axis=0)
    framed = xp.concat([framed[:, :1]] * radius + [framed] + [framed[:, -1:]] * radius, axis=1)
    shifted = [framed[y : y + height, x : x + width] for y in range(size) for x in range(size)]
    return xp.sort(xp.stack(shifted, axis=0), axis=0)[size * size // 2]
