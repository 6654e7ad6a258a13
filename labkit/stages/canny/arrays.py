"""Whole pictures, shifted; edges grow a pixel at a time."""

from __future__ import annotations

from typing import Any

from labkit.kinds import arrays
from labkit.stages.canny import TAN


@arrays("canny")
def canny(xp: Any, image: Any, low: int, high: int) -> Any:
    """Comparisons with eight shifted copies; then dilations until nothing is added."""
    low, high = min(low, high), max(low, high)
    height, width = image.shape
    levels = xp.astype(image, xp.int32)
    levels = xp.concat([levels[:1], levels, levels[-1:]], axis=0)
    levels = xp.concat([levels[:, :1], levels, levels[:, -1:]], axis=1)
    rows = levels[:-2] + 2 * levels[1:-1] + levels[2:]
    across = rows[:, 2:] - rows[:, :-2]
    rows = levels[2:] - levels[:-2]
    down = rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]

    def framed(values: Any) -> Any:
        blank = xp.zeros_like(values[:1])
        values = xp.concat([blank, values, blank], axis=0)
        blank = xp.zeros_like(values[:, :1])
        return xp.concat([blank, values, blank], axis=1)

    def shifted(values: Any, dy: int, dx: int) -> Any:
        return values[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width]

    x, y = xp.abs(across), xp.abs(down)
    steep = x + y
    around = framed(steep)
    flat = y * 2**15 < x * TAN
    upright = y * 2**15 > x * (TAN + 2**16)
    falling = (across < 0) == (down < 0)
    before = xp.where(falling, shifted(around, -1, -1), shifted(around, -1, 1))
    after = xp.where(falling, shifted(around, 1, 1), shifted(around, 1, -1)) + 1
    before = xp.where(upright, shifted(around, -1, 0), before)
    after = xp.where(upright, shifted(around, 1, 0), after)
    before = xp.where(flat, shifted(around, 0, -1), before)
    after = xp.where(flat, shifted(around, 0, 1), after)
    thin = (steep > low) & (steep > before) & (steep >= after)
    edge = thin & (steep > high)
    while True:
        grown = framed(edge)
        grown = grown[:, :-2] | grown[:, 1:-1] | grown[:, 2:]
        grown = (grown[:-2] | grown[1:-1] | grown[2:]) & thin
        if not bool(xp.any(grown & ~edge)):
            return xp.astype(edge, xp.uint8) * 255
        edge = grown
