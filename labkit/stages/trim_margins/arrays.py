"""Whole rows and columns at a time."""

from __future__ import annotations

from typing import Any

from labkit.kinds import arrays


@arrays("trim_margins")
def trim_margins(xp: Any, image: Any, tolerance: int, margin: int) -> Any:
    """A comparison with the background, then any() along either axis."""
    height, width = image.shape[:2]
    pixels = xp.reshape(image, (height, width, -1))
    frame = [pixels[0], pixels[-1] if height > 1 else pixels[:0, 0]]
    frame += [pixels[1:-1, 0], pixels[1:-1, -1] if width > 1 else pixels[:0, 0]]
    outermost = xp.sort(xp.concat(frame, axis=0), axis=0)
    level = xp.astype(outermost[(outermost.shape[0] - 1) // 2], xp.int16)
    other = xp.any(xp.abs(xp.astype(pixels, xp.int16) - level) > tolerance, axis=2)
    ends = []
    for axis, side in ((1, height), (0, width)):
        places = xp.nonzero(xp.any(other, axis=axis))[0]
        found = places.shape[0] > 0
        ends.append((max(int(places[0]) - margin, 0), min(int(places[-1]) + 1 + margin, side)) if found else (0, side))
    return xp.asarray(
        [ends[0][0], ends[1][0], ends[0][1], ends[1][1]], dtype=xp.int32, device=getattr(image, "device", None)
    )
