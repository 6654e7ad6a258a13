"""Sums of cells as differences of cumulative sums."""

from __future__ import annotations

from typing import Any

from labkit.kinds import arrays
from labkit.stages.pixelate import ends


@arrays("pixelate")
def pixelate(xp: Any, image: Any, block: int) -> Any:
    """Cumulative sums down and across, read where cells end; each mean is repeated over its cell."""
    counts: Any = 1
    sums = xp.astype(image, xp.int64)
    for axis in (0, 1):
        side = image.shape[axis]
        at = ends(side, block)
        places = xp.astype(xp.zeros_like(sums[:, 0] if axis == 0 else sums[0]), xp.int64).reshape(-1)[:0]
        places = xp.concat(
            [places, xp.asarray((at - 1).tolist(), dtype=xp.int64, device=getattr(image, "device", None))]
        )
        total = xp.take(xp.cumulative_sum(sums, axis=axis), places, axis=axis)
        first = total[:1] if axis == 0 else total[:, :1]
        sums = xp.concat([first, xp.diff(total, axis=axis)], axis=axis)
        widths = xp.diff(xp.concat([places[:1] * 0 - 1, places]))
        counts = counts * (widths[:, None] if axis == 0 else widths[None, :])
    counts = counts if len(image.shape) == 2 else counts[..., None]
    means = xp.astype((2 * sums + counts) // (2 * counts), xp.uint8)
    for axis in (0, 1):
        means = xp.repeat(means, block, axis=axis)
    return means[: image.shape[0], : image.shape[1]]
