"""Shifted copies of the whole picture, weighed and added up."""

from __future__ import annotations

from typing import Any

from labkit.kinds import arrays
from labkit.stages.gaussian_blur.taps import mirrored, taps


@arrays("gaussian_blur")
def gaussian_blur(xp: Any, image: Any, sigma: float) -> Any:
    """A sum of as many copies as there are weights, down and then across, in int32."""
    weights, sums = taps(float(sigma)).tolist(), xp.astype(image, xp.int32)
    device = getattr(image, "device", None)
    for axis in (0, 1):
        side = sums.shape[axis]
        places = xp.asarray(mirrored(side, len(weights) // 2).tolist(), dtype=xp.int64, device=device)
        framed = xp.take(sums, places, axis=axis)
        total = xp.zeros_like(sums)
        for k, weight in enumerate(weights):
            if weight:
                total += weight * (framed[k : k + side] if axis == 0 else framed[:, k : k + side])
        sums = total
    return xp.astype((sums + (1 << 15)) >> 16, xp.uint8)
