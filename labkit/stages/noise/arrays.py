"""All places at once, in 64 bits."""

from __future__ import annotations

from typing import Any

from labkit.kinds import arrays
from labkit.stages.noise import keys, weight_of

MASK = 0xFFFFFFFF


@arrays("noise")
def noise(xp: Any, image: Any, seed: int, sigma: float) -> Any:
    """The second factor is taken less 2^32, so that no product leaves 64 bits with their sign; bits are counted in pairs."""
    first, second = keys(seed)
    size = 1
    for side in image.shape:
        size *= int(side)
    h = (xp.arange(size, dtype=xp.int64, device=getattr(image, "device", None)) & MASK) ^ first
    h = ((h ^ (h >> 16)) * 0x7FEB352D & MASK) ^ second
    h = (h ^ (h >> 15)) * (0x846CA68B - (1 << 32)) & MASK
    h = h ^ (h >> 16)
    ones = (h & 0x5555) + ((h >> 1) & 0x5555)
    ones = (ones & 0x3333) + ((ones >> 2) & 0x3333)
    ones = (ones & 0x0F0F) + ((ones >> 4) & 0x0F0F)
    ones = (ones & 31) + (ones >> 8)
    z = 64 * ones + ((h >> 16) & 63) + ((h >> 24) & 63) - 575
    added = xp.reshape((z * weight_of(sigma) + 16384) >> 15, image.shape)
    return xp.astype(xp.clip(xp.astype(image, xp.int64) + added, 0, 255), xp.uint8)
