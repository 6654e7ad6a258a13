"""Whole channels at a time, in 32 bits."""

from __future__ import annotations

from typing import Any

from labkit.kinds import arrays
from labkit.stages.hsv import tables


@arrays("hsv")
def hsv(xp: Any, image: Any) -> Any:
    """Both divisions by a table that is looked up for every pixel."""
    device = {} if isinstance(getattr(image, "device", "cpu"), str) else {"device": image.device}
    per_value, per_spread = (xp.asarray(one.tolist(), dtype=xp.int32, **device) for one in tables())
    blue, green, red = (xp.astype(image[..., channel], xp.int32) for channel in range(3))
    value = xp.maximum(blue, xp.maximum(green, red))
    spread = value - xp.minimum(blue, xp.minimum(green, red))
    by_green = xp.where(value == green, blue - red + 2 * spread, red - green + 4 * spread)
    turn = xp.where(value == red, green - blue, by_green)

    def divided(number: Any, table: Any, by: Any) -> Any:
        factors = xp.reshape(xp.take(table, xp.astype(xp.reshape(by, (-1,)), xp.int64)), by.shape)
        return (number * factors + 2048) >> 12

    hue = divided(turn, per_spread, spread)
    made = (xp.where(hue < 0, hue + 180, hue), divided(spread, per_value, value), value)
    return xp.astype(xp.stack(made, axis=-1), xp.uint8)
