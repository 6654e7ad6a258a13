"""Mosaics and grain."""

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


def noise(image: np.ndarray, seed: int, sigma: float) -> np.ndarray:
    """In NumPy's words of 32 bits, which wrap; the bits counted one by one."""

    def mixed(value: np.ndarray, key: np.ndarray) -> np.ndarray:
        value = (value ^ value >> 16) * np.uint32(0x7FEB352D) ^ key
        value = (value ^ value >> 15) * np.uint32(0x846CA68B)
        return value ^ value >> 16

    none = np.zeros(1, np.uint32)
    first, second = (mixed(np.array([seed ^ word], np.uint32), none) for word in (0x9E3779B9, 0x3C6EF372))
    h = mixed(np.arange(image.size, dtype=np.uint32) ^ first, second)
    z = 64 * sum((h >> k & 1).astype(int) for k in range(16)) + (h >> 16 & 63) + (h >> 24 & 63) - 575.0
    deviation = np.sqrt(64**2 * 16 / 4 + 2 * (64**2 - 1) / 12)
    added = np.floor((z * np.floor(sigma * 2**15 / deviation + 0.5) + 2**14) / 2**15).reshape(image.shape)
    return np.clip(image + added, 0, 255).astype(np.uint8)


ORACLES: dict[str, Callable[..., Any]] = {"noise": noise, "pixelate": pixelate}
