"""Mosaics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def pixelate(image: np.ndarray, block: int) -> np.ndarray:
    """Cell after cell."""
    out = np.empty_like(image)
    for top in range(0, image.shape[0], block):
        for left in range(0, image.shape[1], block):
            cell = image[top : top + block, left : left + block]
            count = cell.shape[0] * cell.shape[1]
            sums = cell.sum(axis=(0, 1), dtype=np.int64)
            out[top : top + block, left : left + block] = (2 * sums + count) // (2 * count)
    return out


ORACLES: dict[str, Callable[..., Any]] = {"pixelate": pixelate}
