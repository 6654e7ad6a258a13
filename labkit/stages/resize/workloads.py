"""Photographs, to sizes that networks take."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from labkit.core import Workload
from labkit.core.derived import SIZES
from labkit.inputs.photographs import photograph


def inputs(index: int, size: tuple[int, int], *rest: Any) -> tuple[Any, ...]:
    """A photograph, and what is asked of it."""
    return (photograph(index, *size), *rest)


def workload(name: str, size: tuple[int, int], side: int, form: str, interpolation: str) -> Workload:
    """One photograph of this size."""
    what = f"{size[1]}×{size[0]} to {'a short side of' if form == 'short' else 'exactly'} {side}, {interpolation}"
    given = (size, side, form, interpolation)
    return Workload(name, partial(inputs, 0, *given), what, other=partial(inputs, 1, *given))


ALL = [
    *(workload(name, size, 224, "short", "area") for name, size in SIZES.items()),
    workload("512-half", SIZES["512"], 256, "short", "area"),
    workload("1080p-256", SIZES["1080p"], 256, "short", "area"),
    workload("1080p-exact-336", SIZES["1080p"], 336, "exact", "area"),
    workload("1080p-bilinear", SIZES["1080p"], 600, "short", "bilinear"),
]


def edge_cases() -> dict[str, tuple[Any, ...]]:
    """One axis longer and the other shorter; whole factors; rows above 32,767 pixels; more rows than 16 bits can add up."""
    random = np.random.default_rng(20260102)

    def noise(*shape: int) -> np.ndarray:
        return random.integers(0, 256, shape, np.uint8)

    cases: dict[str, tuple[Any, ...]] = {}
    for way in ("area", "bilinear"):
        cases[f"one axis longer, {way}"] = (noise(9, 150, 3), 40, "exact", way)
        cases[f"the other axis longer, {way}"] = (noise(150, 9), 40, "exact", way)
        cases[f"half, {way}"] = (noise(66, 98, 3), 33, "short", way)
        cases[f"a third, {way}"] = (noise(66, 99), 22, "short", way)
        cases[f"nearly as large, {way}"] = (noise(66, 99, 3), 65, "short", way)
        cases[f"as large, {way}"] = (noise(40, 40, 3), 40, "exact", way)
        cases[f"larger, {way}"] = (noise(11, 13, 3), 37, "exact", way)
        cases[f"a long row, {way}"] = (noise(3, 40_000), 2, "short", way)
    cases["many bright rows"] = (np.full((1200, 3, 3), 255, np.uint8), 1, "exact", "area")
    cases["many rows, with parts of some"] = (noise(2100, 70, 3) | 192, 7, "exact", "area")
    return cases
