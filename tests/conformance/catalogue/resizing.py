"""Sizes and planes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.fft import dctn


def normalise(image: np.ndarray, to: str) -> np.ndarray:
    """torchvision's formula in float64."""
    mean, std = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]) if to == "mean_std" else ([0] * 3, [1] * 3)
    made: np.ndarray = ((image[..., ::-1] / 255 - np.array(mean)) / np.array(std)).transpose(2, 0, 1).astype(np.float32)
    return made


def along(values: np.ndarray, target: int, interpolation: str) -> np.ndarray:
    """The first axis made ``target`` long, in float64: differences of cumulative sums, or a line through two neighbours."""
    source = len(values)
    if interpolation == "area":
        sums = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0, dtype=np.float64)])
        return np.diff(between(sums, np.arange(target + 1) * source / target), axis=0) * target / source
    return between(values.astype(np.float64), np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1))


def between(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The values along the first axis at positions that need not be whole."""
    first = np.minimum(np.floor(at + 1e-9).astype(int), len(values) - 1)
    share = np.maximum(at - first, 0).reshape(-1, *[1] * (values.ndim - 1))
    made: np.ndarray = values[first] * (1 - share) + values[np.minimum(first + 1, len(values) - 1)] * share
    return made


def resize(image: np.ndarray, side: int, form: str, interpolation: str) -> np.ndarray:
    """One axis, then the other."""
    height, width = image.shape[:2]
    rows, columns = side, side
    if form == "short":
        scale = min(side, height, width) / min(height, width)
        rows, columns = int(height * scale + 1e-9), int(width * scale + 1e-9)
    lower = along(image, rows, interpolation)
    exact = along(lower.swapaxes(0, 1), columns, interpolation).swapaxes(0, 1)
    return np.floor(exact + 0.5 + 1e-9).astype(np.uint8)


def resize_crop_normalise(image: np.ndarray, short: int, crop: int, to: str) -> np.ndarray:
    """The whole resized picture in float64, the square out of its middle, torchvision's formula."""
    height, width = image.shape[:2]
    rows, columns = short * height // min(height, width), short * width // min(height, width)
    top, left = (rows - crop) // 2, (columns - crop) // 2
    lower = along(image, rows, "area")[top : top + crop]
    made = along(lower.swapaxes(0, 1), columns, "area")[left : left + crop].swapaxes(0, 1)
    return normalise(made, to)


def phash(image: np.ndarray) -> np.ndarray:
    """SciPy's transform of the resized picture, and a mask of the median."""
    small = resize(image, 32, "exact", "area").astype(int)
    grey = small if image.ndim == 2 else (small @ np.array([3735, 19235, 9798]) + 16384) >> 15
    low = dctn(grey.astype(float))[:8, :8].ravel() / 4
    made: np.ndarray = (low - np.median(low) > 1).astype(np.uint8)
    return made


def square(random: np.random.Generator) -> tuple[Any, ...]:
    """A picture, and a square that fits."""
    height, width = (int(side) for side in random.integers(1, 200, 2))
    image = random.integers(0, 256, (height, width, 3), np.uint8)
    short = int(random.integers(1, 90))
    return image, short, int(random.integers(1, short + 1)), str(random.choice(["mean_std", "unit"]))


ORACLES: dict[str, Callable[..., Any]] = {
    "normalise": normalise,
    "phash": phash,
    "resize": resize,
    "resize_crop_normalise": resize_crop_normalise,
}
DRAWS = {"resize_crop_normalise": (square,)}
