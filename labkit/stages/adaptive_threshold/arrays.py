"""Sums of neighbourhoods as differences of cumulative sums."""

from __future__ import annotations

from typing import Any

from labkit.kinds import arrays
from labkit.stages.adaptive_threshold import fewest_above


@arrays("adaptive_threshold")
def adaptive_threshold(xp: Any, image: Any, block: int, c: float) -> Any:
    """Cumulative sums down and across, subtracted ``block`` apart."""
    sums, radius = xp.astype(image, xp.int32), block // 2
    for axis in (0, 1):
        count = sums.shape[axis]
        first, last = (sums[:1], sums[-1:]) if axis == 0 else (sums[:, :1], sums[:, -1:])
        framed = xp.concat([first] * (radius + 1) + [sums] + [last] * radius, axis=axis)
        total = xp.cumulative_sum(framed, axis=axis, dtype=xp.int32)
        low, high = (slice(0, count), slice(block, block + count))
        sums = total[high] - total[low] if axis == 0 else total[:, high] - total[:, low]
    least = int(fewest_above(block, c)[0])
    return xp.astype(sums < xp.astype(image, xp.int32) * block**2 + least, xp.uint8) * 255
