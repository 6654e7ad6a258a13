"""Smoothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np


def median(image: np.ndarray, size: int) -> np.ndarray:
    """NumPy's median of every window."""
    radius = size // 2
    framed = np.pad(image, [(radius, radius), (radius, radius), *[(0, 0)] * (image.ndim - 2)], mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(framed, (size, size), axis=(0, 1))
    made: np.ndarray = np.median(windows, axis=(-2, -1)).astype(np.uint8)
    return made


def gaussian_blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """Both passes at once, in whole numbers; the weights are told by what becomes of one white pixel in OpenCV's own blur."""
    radius = (int(np.rint(6 * sigma + 1)) | 1) // 2
    rows = np.zeros((4 * radius + 1, 4 * radius + 1), np.uint8)
    rows[:, 2 * radius] = 255
    line = cv2.GaussianBlur(rows, (0, 0), sigma)[2 * radius, radius : 3 * radius + 1]
    weights = np.array(
        [next(w for w in range(257) if (255 * 256 * w + 2**15) >> 16 == level) for level in line.tolist()]
    )
    weights[radius] += 256 - weights.sum()
    framed = np.pad(
        image.astype(np.int64), [(radius, radius), (radius, radius), *[(0, 0)] * (image.ndim - 2)], "reflect"
    )
    windows = np.lib.stride_tricks.sliding_window_view(framed, weights.size, axis=0) @ weights
    windows = np.lib.stride_tricks.sliding_window_view(windows, weights.size, axis=1) @ weights
    made: np.ndarray = ((windows + 2**15) >> 16).astype(np.uint8)
    return made


def small_and_blurred(random: np.random.Generator) -> tuple[Any, ...]:
    """A small picture, since up to 181 weights reach beyond it, and as often a narrow Gaussian as a wide one."""
    height, width = int(random.integers(1, 31)), int(random.integers(1, 41))
    image = random.integers(0, 256, (height, width, 3)[: random.integers(2, 4)], np.uint8)
    return image, float(np.exp(random.uniform(np.log(0.1), np.log(30))))


ORACLES: dict[str, Callable[..., Any]] = {"median": median, "gaussian_blur": gaussian_blur}
DRAWS = {"gaussian_blur": (small_and_blurred,)}
