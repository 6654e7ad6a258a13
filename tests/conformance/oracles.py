"""What a stage's right answer is, by a way of its own: the reference library, or an independent formula.

A stage that is not in the table is held to its reference. ``STAGE_many`` is held to its stage, image by image.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from labkit.core import Within, registry
from labkit.core.agreement import Agreement
from labkit.core.derived import drawn
from labkit.kinds.otsu import threshold
from labkit.stages.augment.draw import Choices
from labkit.stages.main_colors import MainColors
from labkit.stages.ocr_preprocess import BLUE, GREEN, RED, SHIFT
from tests.conformance import catalogue

# A position rounded to 1/32 pixel is off by up to 1/64 in x and in y: 2 · 255/64 = 7.97, and two roundings to integers.
FROM_EXACT = 8.0


def augment(image: np.ndarray, choices: Choices) -> np.ndarray:
    """The chain as the contract words it, float64 (h, w, 3), not rounded after the blur."""
    made = np.rot90(image, choices.turns)
    made = made[:, ::-1] if choices.flip & 1 else made
    made = made[::-1] if choices.flip & 2 else made
    values = np.clip(np.arange(256, dtype=np.float32) * np.float32(choices.alpha) + np.float32(choices.beta), 0, 255)
    blurred = np.trunc(values)[made].astype(np.float64)
    radius = choices.size // 2
    for axis in (0, 1) if radius else ():
        blurred = np.moveaxis(blurred, axis, 0)
        count = len(blurred)
        padded = np.pad(blurred, [(radius, radius), (0, 0), (0, 0)], mode="reflect")
        heights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / choices.sigma) ** 2)
        terms = [weight * padded[k : k + count] for k, weight in enumerate(heights / heights.sum())]
        blurred = np.moveaxis(np.sum(terms, axis=0), 0, axis)
    return blurred


class Near:
    """A byte less than 0.9 from the exact value: two such agree within a level, and where that is an integer they are equal."""

    def difference(self, output: Any, expected: Any) -> str | None:
        if isinstance(expected, list):
            return next((said for pair in zip(output, expected, strict=True) if (said := self.difference(*pair))), None)
        if output.dtype != np.uint8 or output.shape != expected.shape:
            return f"{output.dtype} {output.shape} for uint8 {expected.shape}"
        worst = float(np.abs(output - expected).max())
        return f"off by {worst}" if worst > 0.9 else None


def corner_system(box: np.ndarray, width: int, height: int) -> np.ndarray:
    """The homography from crop to page, (3, 3), by its eight equations."""
    system, right = [], []
    target = [(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)]
    for (x, y), (u, v) in zip(target, box.astype(np.float64), strict=True):
        system += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return np.append(np.linalg.solve(system, right), 1).reshape(3, 3)


def crop(page: np.ndarray, box: np.ndarray, width: int, height: int) -> np.ndarray:
    """Bilinear values in float64, by a linear system for the homography and a page with zeros around it."""
    grid = np.stack([*np.meshgrid(np.arange(width), np.arange(height)), np.ones((height, width))])
    u, v, depth = np.einsum("ij,jyx->iyx", corner_system(box, width, height), grid)
    x, y = np.clip(u / depth, -2, page.shape[1] + 1) + 2, np.clip(v / depth, -2, page.shape[0] + 1) + 2
    around = np.pad(page.astype(np.float64), ((2, 3), (2, 3), (0, 0)))
    j, i = np.floor(y).astype(int), np.floor(x).astype(int)
    s, t = (x - i)[..., None], (y - j)[..., None]
    upper = around[j, i] * (1 - s) + around[j, i + 1] * s
    lower = around[j + 1, i] * (1 - s) + around[j + 1, i + 1] * s
    return upper * (1 - t) + lower * t


def crop_size(box: np.ndarray, rows: int, columns: int) -> tuple[int, int]:
    """The size of one box's crop, case after case as the contract words them."""
    points = [(float(x), float(y)) for x, y in box]
    if not all(math.isfinite(value) for point in points for value in point):
        return 0, 0
    sides = [(bx - ax, by - ay) for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1], strict=True)]
    lengths = [math.sqrt(dx * dx + dy * dy) for dx, dy in sides]
    width, height = int(max(lengths[0], lengths[2])), int(max(lengths[1], lengths[3]))
    if min(width, height) < 2 or max(width, height) > 32766:
        return 0, 0
    turns = [ax * by - ay * bx for (ax, ay), (bx, by) in zip(sides, sides[1:] + sides[:1], strict=True)]
    if not (all(turn >= 1 for turn in turns) or all(turn <= -1 for turn in turns)):
        return 0, 0
    xs, ys = zip(*points, strict=True)
    if max(xs) <= -1 or min(xs) >= columns or max(ys) <= -1 or min(ys) >= rows:
        return 0, 0
    return width, height


def crop_boxes(page: np.ndarray, boxes: np.ndarray) -> list[np.ndarray]:
    crops = []
    for box in boxes:
        width, height = crop_size(box, *page.shape[:2])
        values = crop(page, box, width, height) if width else np.empty((0, 0, 3))
        crops.append(np.rint(values).astype(np.uint8))
    return crops


def cumulative_sum(n: int) -> int:
    """Gauss's formula, in Python's big integers."""
    return n * (n - 1) // 2


def grey(image: np.ndarray) -> np.ndarray:
    weighted: np.ndarray = image.astype(np.int64) @ np.array([BLUE, GREEN, RED]) + (1 << (SHIFT - 1))
    return (weighted >> SHIFT).astype(np.uint8)


def main_colors(image: np.ndarray, n: int = 6) -> MainColors:
    """Brute force: a Counter over tuples, sorted in Python, each colour repeated over its band."""
    counted = Counter(map(tuple, image.reshape(-1, 4)[:, :3][image.reshape(-1, 4)[:, 3] != 0].tolist()))
    best = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:n]
    colors = np.array([color for color, _ in best], np.uint8).reshape(-1, 3)
    panel = np.repeat(np.repeat(colors[:, None, :], 512, axis=1), 64, axis=0)
    return MainColors(colors, np.array([count for _, count in best], np.int64), panel)


def ocr_preprocess(image: np.ndarray) -> np.ndarray:
    """Grey by the formula, OpenCV's Otsu on it, and the nine values of each pixel sorted."""
    levels = grey(image)
    cut = threshold(np.bincount(levels.reshape(-1), minlength=256).tolist())
    framed = np.pad(np.where(levels > cut, 255, 0).astype(np.uint8), 1, mode="edge")
    nine = np.lib.stride_tricks.sliding_window_view(framed, (3, 3)).reshape(*levels.shape, 9)
    return np.sort(nine, axis=2)[..., 4].copy()


ORACLES: dict[str, Callable[..., Any]] = {
    each.__name__: each for each in (augment, crop_boxes, cumulative_sum, grey, main_colors, ocr_preprocess)
}
RULES: dict[str, Any] = {
    "augment": Near(),
    "augment_many": Near(),
    "crop_boxes": Within(FROM_EXACT, mean=FROM_EXACT / 4),  # a small crop of noise by OpenCV: 1.2 on average
}
for found in pkgutil.iter_modules(catalogue.__path__, f"{catalogue.__name__}."):
    module = importlib.import_module(found.name)
    ORACLES |= module.ORACLES
    RULES |= getattr(module, "RULES", {})


def rule(stage: str) -> Agreement:
    """By which an answer is held to the oracle's."""
    found: Agreement = RULES.get(stage) or registry.stage(stage).agreement
    return found


def oracle(stage: str) -> Callable[..., Any]:
    """The right answer to a stage's inputs."""
    if stage in ORACLES:
        return ORACLES[stage]
    one = registry.stages.get(stage.removesuffix("_many"))
    if stage.endswith("_many") and one is not None:
        of_one, terms = oracle(one.name), one.terms

        def of_many(images: list[np.ndarray], *rest: Any) -> list[Any]:
            *parameters, seed = rest
            shapes = [image.shape for image in images]
            return [
                of_one(image, *drawn(terms, seed, index, shape), *parameters)
                for index, (image, shape) in enumerate(zip(images, shapes, strict=True))
            ]

        return of_many
    reference = registry.variant(stage, registry.stage(stage).reference).function
    assert reference is not None
    return reference
