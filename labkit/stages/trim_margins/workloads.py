"""Pages: a photograph with uneven margins, on paper that is not quite white."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from labkit.core import Workload
from labkit.core.derived import SIZES
from labkit.inputs.photographs import photograph


def page(index: int, height: int, width: int) -> np.ndarray:
    """uint8 (height, width, 3): paper with grain, and a photograph that leaves 6 to 18 % of each side free."""
    random = np.random.default_rng([index, height, width, 5])
    made = np.add(
        random.integers(0, 8, (height, width, 3), np.uint8), np.array([238, 243, 245], np.uint8), dtype=np.uint8
    )
    top, bottom = (random.uniform(0.06, 0.18, 2) * height).astype(int)
    left, right = (random.uniform(0.06, 0.18, 2) * width).astype(int)
    made[top : height - bottom, left : width - right] = photograph(index, height - top - bottom, width - left - right)
    return made


def inputs(index: int, grey: bool, size: tuple[int, int]) -> tuple[Any, ...]:
    """One page, in colours or its green alone."""
    made = page(index, *size)
    return (np.ascontiguousarray(made[..., 1]) if grey else made,)


ALL = [
    Workload(
        f"{'grey-' * grey}{name}",
        partial(inputs, 0, grey, size),
        f"{size[1]}×{size[0]}, a photograph on {'grey' if grey else 'coloured'} paper",
        other=partial(inputs, 1, grey, size),
    )
    for grey in (False, True)
    for name, size in SIZES.items()
]


def edge_cases() -> dict[str, tuple[Any, ...]]:
    """A dot on paper, at each border and in between; differences that are just tolerated, and those that are not."""
    cases: dict[str, tuple[Any, ...]] = {}
    for name, y, x in (
        ("top left", 0, 0),
        ("bottom right", 39, 409),
        ("middle", 20, 200),
        ("on a chunk's edge", 30, 191),
    ):
        dotted = np.full((40, 410, 3), 230, np.uint8)
        dotted[y, x, 2] = 100
        cases[f"a dot, {name}"] = (dotted, 24, 0)
        cases[f"a grey dot, {name}"] = (dotted[..., 2].copy(), 24, 3)
    for level in (205, 206, 254, 255):
        spotted = np.full((30, 31, 3), 230, np.uint8)
        spotted[10:12, 7:9, 0] = level
        cases[f"230 beside {level}"] = (spotted, 24, 0)
    return cases
