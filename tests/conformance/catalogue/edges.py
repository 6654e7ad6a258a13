"""Thresholds and edges."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.ndimage import correlate, label

from labkit.kinds.otsu import threshold as otsu

SOBEL = np.outer([1, 2, 1], [-1, 0, 1])


def adaptive_threshold(image: np.ndarray, block: int, c: float) -> np.ndarray:
    """The mean of every window, rounded."""
    framed = np.pad(image.astype(np.int64), block // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(framed, (block, block))
    mean = (windows.sum(axis=(2, 3)) + block**2 // 2) // block**2
    return np.where(image - mean > -math.ceil(c), 255, 0).astype(np.uint8)


def threshold(image: np.ndarray, method: str, level: int) -> np.ndarray:
    """By the histogram; between equally good levels OpenCV's rounding decides, which otsu follows."""
    if method == "otsu":
        level = otsu(np.bincount(image.ravel(), minlength=256).tolist())
    return np.where(image > level, 255, 0).astype(np.uint8)


def trim_margins(image: np.ndarray, tolerance: int, margin: int) -> np.ndarray:
    """The least and the largest place of all that differs."""
    height, width = image.shape[:2]
    pixels = image.reshape(height, width, -1).astype(int)
    inside = np.zeros((height, width), bool)
    inside[1:-1, 1:-1] = True
    levels = [sorted(pixels[~inside, k])[(np.count_nonzero(~inside) - 1) // 2] for k in range(pixels.shape[2])]
    places = np.argwhere((np.abs(pixels - levels) > tolerance).any(axis=2))
    if not len(places):
        return np.array([0, 0, height, width], np.int32)
    low, high = places.min(axis=0) - margin, places.max(axis=0) + 1 + margin
    return np.array([*np.maximum(low, 0), *np.minimum(high, (height, width))], np.int32)


def on_paper(random: np.random.Generator) -> tuple[Any, ...]:
    """A few things, somewhere on grained paper, some but a pixel large."""
    height, width = (int(side) for side in random.integers(1, 500, 2))
    image = random.integers(200, 210, (height, width, 3)[: random.integers(2, 4)], np.uint8)
    for _ in range(random.integers(0, 4)):
        y, x = int(random.integers(height)), int(random.integers(width))
        image[y : y + random.integers(1, 30), x : x + random.integers(1, 30)] = random.integers(0, 256)
    return image, int(random.integers(8, 40)), int(random.integers(0, 20))


def named(random: np.random.Generator) -> tuple[Any, ...]:
    """Short texts of few letters, so that some are the beginning of others; some missing, some unseen."""
    texts = ["".join(random.choice(list("abé"), random.integers(0, 5))) for _ in range(int(random.integers(1, 300)))]
    classes = sorted({text for text in texts[::2] if text} | {"b"})
    return np.array(texts), np.array(classes), str(random.choice(["integer", "one_hot"]))


def tied(random: np.random.Generator) -> tuple[Any, ...]:
    """Levels symmetric about one of them: two of Otsu's levels are equally good."""
    middle, offsets = int(random.integers(20, 230)), random.choice(np.arange(1, 20), 3, replace=False)
    sides = [np.repeat([middle - k, middle + k], random.integers(1, 60)) for k in offsets]
    levels = np.concatenate([*sides, np.full(random.integers(1, 60), middle)]).astype(np.uint8)
    return random.permutation(levels)[None], "otsu", 0


def canny(image: np.ndarray, low: int, high: int) -> np.ndarray:
    """Each candidate for itself, in Python's integers; then groups of joined pixels that hold a strong one."""
    low, high = min(low, high), max(low, high)
    framed = np.pad(image.astype(int), 1, mode="edge")
    across, down = (correlate(framed, kernel)[1:-1, 1:-1] for kernel in (SOBEL, SOBEL.T))
    steep = np.pad(np.abs(across) + np.abs(down), 1)
    thin = np.zeros(image.shape, bool)
    for y, x in np.argwhere(steep[1:-1, 1:-1] > low).tolist():
        dx, dy = int(across[y, x]), int(down[y, x])
        flat, upright = abs(dy) << 15 < abs(dx) * 13573, abs(dy) << 15 > abs(dx) * (13573 + (1 << 16))
        step = (0, 1) if flat else (1, 0) if upright else (1, -1 if (dx < 0) != (dy < 0) else 1)
        here = steep[y + 1, x + 1]
        before, after = (steep[y + 1 + sign * step[0], x + 1 + sign * step[1]] for sign in (-1, 1))
        thin[y, x] = here > before and (here >= after if flat or upright else here > after)
    groups, count = label(thin, np.ones((3, 3)))
    strong = np.zeros(count + 1, bool)
    strong[groups[thin & (steep[1:-1, 1:-1] > high)]] = True
    return np.where(strong[groups], 255, 0).astype(np.uint8)


def label_encode(labels: np.ndarray, classes: np.ndarray, form: str) -> np.ndarray:
    """Every label against every class."""
    same = labels[:, None] == classes[None]
    if form == "one_hot":
        return same.astype(np.uint8)
    return np.where(same.any(axis=1), same.argmax(axis=1), np.where(labels == "", -2, -1)).astype(np.int64)


def outliers(image: np.ndarray) -> np.ndarray:
    """Each number by its definition, from float64."""
    levels = image.astype(float)
    laplacian = correlate(levels, np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]), mode="mirror")
    shares = [float(np.mean(image == level)) for level in np.unique(image)]
    return np.array([levels.mean(), levels.std(), laplacian.var(), max(0.0, -sum(p * math.log2(p) for p in shares))])


def sobel(image: np.ndarray, of: str) -> np.ndarray:
    """Nine shifted pictures, weighed."""
    rows, columns = (np.pad(np.arange(side), 1, mode="reflect" if side > 1 else "edge") for side in image.shape)
    framed = image.astype(np.int16)[rows][:, columns]

    def filtered(kernel: np.ndarray) -> np.ndarray:
        height, width = image.shape
        parts = [kernel[i, j] * framed[i : i + height, j : j + width] for i in range(3) for j in range(3)]
        return np.sum(parts, axis=0, dtype=np.int16)

    across, down = filtered(SOBEL), filtered(SOBEL.T)
    return {"x": across, "y": down, "sum": np.abs(across) + np.abs(down)}[of]


ORACLES: dict[str, Callable[..., Any]] = {
    each.__name__: each for each in (adaptive_threshold, canny, label_encode, outliers, sobel, threshold, trim_margins)
}
DRAWS = {"label_encode": (named,), "threshold": (None, tied), "trim_margins": (None, on_paper)}
