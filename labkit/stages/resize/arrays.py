"""One tap after the other: gathered rows times their weights, then columns."""

from __future__ import annotations

from typing import Any

from labkit.kinds import arrays
from labkit.kinds.taps import weighed
from labkit.stages.resize import size


@arrays("resize")
def resize(xp: Any, image: Any, side: int, form: str, interpolation: str) -> Any:
    """Weighed sums in float32, whose rounding is far below half a level."""
    height, width = image.shape[:2]
    rows, columns = size(image, side, form)
    if (rows, columns) == (height, width):
        return xp.asarray(image, copy=True)
    values = xp.astype(xp.reshape(image, (height, width, -1)), xp.float32)
    lower, down = weighed(xp, values, 0, rows, interpolation)
    made, across = weighed(xp, lower, 1, columns, interpolation)
    return xp.reshape(xp.astype(made / (down * across) + 0.5, xp.uint8), (rows, columns, *image.shape[2:]))
