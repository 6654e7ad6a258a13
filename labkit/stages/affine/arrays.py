"""Four pictures of neighbours, fetched by one index each."""

from __future__ import annotations

from typing import Any

from labkit.kinds import arrays
from labkit.stages.affine.matrix import Matrix, steps


@arrays("affine")
def affine(xp: Any, image: Any, matrix: Matrix) -> Any:
    """The picture gets a black frame of two pixels, and positions far outside are brought to it."""
    height, width = int(image.shape[0]), int(image.shape[1])
    device = getattr(image, "device", None)
    made = [xp.asarray(part, device=device) for part in steps(matrix, (height, width))]
    x, y = (made[0][None, :] + made[2][:, None]) >> 5, (made[1][None, :] + made[3][:, None]) >> 5
    framed = xp.zeros((height + 4, width + 4, *image.shape[2:]), dtype=xp.int32, device=device)
    framed[2:-2, 2:-2, ...] = xp.astype(image, xp.int32)
    flat = xp.reshape(framed, ((height + 4) * (width + 4), *image.shape[2:]))
    at = (xp.clip(y >> 5, -2, height) + 2) * (width + 4) + xp.clip(x >> 5, -2, width) + 2
    a, b = xp.astype(x & 31, xp.int32), xp.astype(y & 31, xp.int32)
    if image.ndim == 3:
        a, b = a[..., None], b[..., None]
    upper = flat[at] * (32 - a) + flat[at + 1] * a
    lower = flat[at + width + 4] * (32 - a) + flat[at + width + 5] * a
    return xp.astype((upper * (32 - b) + lower * b + 512) >> 10, xp.uint8)
