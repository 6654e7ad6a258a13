"""Whole channels at a time."""

from __future__ import annotations

from typing import Any

from labkit.kinds import arrays


@arrays("ycrcb")
def ycrcb(xp: Any, image: Any) -> Any:
    """Three channels widened to 32 bits, weighed and subtracted."""
    blue, green, red = (xp.astype(image[..., channel], xp.int32) for channel in range(3))
    luma = (1868 * blue + 9617 * green + 4899 * red + 8192) >> 14
    of_red, of_blue = ((((one - luma) * by + 8192) >> 14) + 128 for one, by in ((red, 11682), (blue, 9241)))
    return xp.astype(xp.clip(xp.stack((luma, of_red, of_blue), axis=-1), 0, 255), xp.uint8)
