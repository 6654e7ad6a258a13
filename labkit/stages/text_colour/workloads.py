"""Regions with text: coloured letters on coloured paper, with the grain of a camera."""

from __future__ import annotations

from functools import partial

import numpy as np

from labkit.core import Workload
from labkit.inputs.pages import paragraphs

SIZES = {"word": (48, 160), "256": (256, 256), "512": (512, 512), "1080p": (1080, 1920)}


def region(index: int, height: int, width: int) -> np.ndarray:
    """uint8 (height, width, 3): text of one colour on another, each with grain of some levels."""
    random = np.random.default_rng([index, height, width, 11])
    ink, paper = random.integers(10, 100, 3), random.integers(140, 245, 3)
    if index % 2:
        ink, paper = paper, ink
    high, wide = max(height, 64), max(width, 200)  # smaller ones are cut out of the middle: margins would fill them
    top, left = (high - height) // 2, (wide - width) // 2
    cover = paragraphs(max(high, 128), max(wide, 256), index)[top : top + height, left : left + width, 1:2]
    share = np.clip((cover.astype(float) - 30) / 215, 0, 1)
    levels = ink + (paper - ink) * share + random.normal(0, 3, (height, width, 3))
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def inputs(index: int, size: tuple[int, int]) -> tuple[np.ndarray]:
    """One region."""
    return (region(index, *size),)


ALL = [
    Workload(
        name,
        partial(inputs, 0, size),
        f"text on paper, {size[1]}×{size[0]}",
        other=partial(inputs, 1, size),
    )
    for name, size in SIZES.items()
]
