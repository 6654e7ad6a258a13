"""A view with axes turned or swapped, copied to memory of its own: of one row or column it may be contiguous as it is."""

from __future__ import annotations

from typing import Any

from labkit.kinds import arrays

FLIPPED = {"left_right": (1,), "upside_down": (0,), "half_turn": (0, 1), "clockwise": (1,), "anticlockwise": (0,)}


@arrays("flip_rotate")
def flip_rotate(xp: Any, image: Any, way: str) -> Any:
    """permute_dims where a side becomes the other, then flip."""
    if way in ("clockwise", "anticlockwise", "transpose"):
        image = xp.permute_dims(image, (1, 0, 2)[: image.ndim])
    view = xp.flip(image, axis=FLIPPED[way]) if way in FLIPPED else image
    out = xp.empty(view.shape, dtype=xp.uint8, device=getattr(image, "device", None))
    out[...] = view
    return out
