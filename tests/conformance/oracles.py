"""What each stage's answers are, by other means than its variants; and inputs to try them on, drawn from a seed.

A new stage of annotated images needs one function here: its oracle in :data:`ORACLES`. Without one, its variants are held to
its reference.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from labkit.core import derived
from labkit.core.registry import registry
from labkit.core.stage import Stage
from labkit.stages.augment.draw import Choices, blur_size
from labkit.stages.main_colors import MainColors
from labkit.stages.ocr_preprocess import BLUE, GREEN, RED, SHIFT
from labkit.stages.ocr_preprocess.otsu import threshold
from labkit.stages.ocr_preprocess.workloads import of_greys


def augment_exact(image: np.ndarray, choices: Choices) -> np.ndarray:
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


def crop_exact(page: np.ndarray, box: np.ndarray, width: int, height: int) -> np.ndarray:
    """Bilinear values in float64, by a linear system for the homography and a page with zeros around it."""
    target = [(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)]
    system, right = [], []
    for (x, y), (u, v) in zip(target, box.astype(np.float64), strict=True):
        system += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    m = np.append(np.linalg.solve(system, right), 1).reshape(3, 3)
    grid = np.stack([*np.meshgrid(np.arange(width), np.arange(height)), np.ones((height, width))])
    u, v, depth = np.einsum("ij,jyx->iyx", m, grid)
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
        values = crop_exact(page, box, width, height) if width else np.empty((0, 0, 3))
        crops.append(np.rint(values).astype(np.uint8))
    return crops


def drawn_boxes(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A page of noise in few or many steps, and boxes of any angle, slightly warped, some mirrored, some partly outside."""
    draw = np.random.default_rng(seed)
    rows, columns = (int(side) for side in draw.integers(40, 300, 2))
    page = (
        draw.integers(0, 2, (rows, columns, 3)) * 255 if seed % 2 else draw.integers(0, 256, (rows, columns, 3))
    ).astype(np.uint8)
    boxes = []
    for _ in range(25):
        width, height = draw.uniform(4, 90, 2)
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (width / 2, height / 2)
        corners += draw.uniform(-0.15, 0.15, (4, 2)) * (width, height)
        angle = draw.choice([0.0, np.pi / 2, draw.uniform(-np.pi, np.pi)])
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        mirror = (draw.choice([-1, 1, 1, 1]), 1)
        boxes.append((corners * mirror) @ turn.T + draw.uniform(-10, (columns + 10, rows + 10)))
    return page, np.array(boxes, np.float32)


def main_colors(image: np.ndarray, n: int) -> MainColors:
    """Brute force: a Counter over tuples, sorted in Python, each colour repeated over its band."""
    counted = Counter(map(tuple, image.reshape(-1, 4)[:, :3][image.reshape(-1, 4)[:, 3] != 0].tolist()))
    best = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:n]
    colors = np.array([color for color, _ in best], np.uint8).reshape(-1, 3)
    panel = np.repeat(np.repeat(colors[:, None, :], 512, axis=1), 64, axis=0)
    return MainColors(colors, np.array([count for _, count in best], np.int64), panel)


def drawn_colours(seed: int) -> np.ndarray:
    """A picture of random size with runs, few or many colours, and four sorts of alpha."""
    draw = np.random.default_rng(seed)
    height, width = (int(side) for side in draw.integers(1, 260, 2))
    palette = draw.integers(0, 256, (int(draw.choice([2, 40, 3000, 200_000])), 4)).astype(np.uint8)
    palette[:, 3] = draw.choice([0, 1, 254, 255], len(palette))
    picks = draw.integers(0, len(palette), height * width)
    lengths = draw.integers(1, int(draw.choice([2, 5, 400])), height * width)
    return palette[np.repeat(picks, lengths)[: height * width]].reshape(height, width, 4)


def ocr_preprocess(image: np.ndarray) -> np.ndarray:
    """Brute force: grey by the formula, OpenCV's Otsu on it, and the nine values of each pixel sorted."""
    weighted: np.ndarray = image.astype(np.int64) @ np.array([BLUE, GREEN, RED]) + (1 << (SHIFT - 1))
    grey = (weighted >> SHIFT).astype(np.uint8)
    cut = threshold(np.bincount(grey.reshape(-1), minlength=256).tolist())
    framed = np.pad(np.where(grey > cut, 255, 0).astype(np.uint8), 1, mode="edge")
    nine = np.lib.stride_tricks.sliding_window_view(framed, (3, 3)).reshape(*grey.shape, 9)
    return np.sort(nine, axis=2)[..., 4].copy()


def drawn_page(seed: int) -> np.ndarray:
    """A picture of random size whose grey levels are spread, bunched, few, or in two heaps."""
    draw = np.random.default_rng(seed)
    height, width = (int(side) for side in draw.integers(1, 300, 2))
    sort = seed % 6
    levels: np.ndarray
    if sort == 0:
        return draw.integers(0, 256, (height, width, 3), np.uint8)
    if sort == 1:
        levels = draw.normal(draw.uniform(30, 220), draw.uniform(1, 40), (height, width))
    elif sort == 2:
        levels = draw.choice(draw.integers(0, 256, int(draw.integers(2, 9))), (height, width))
    elif sort == 3:
        levels = np.where(draw.random((height, width)) < 0.1, 40, 210) + draw.normal(0, 12, (height, width))
    elif sort == 4:
        coarse = draw.integers(0, 256, (-(-height // 9), -(-width // 9)), np.uint8)
        levels = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    else:
        levels = np.linspace(0, 255, height)[:, None] + draw.normal(0, 3, (height, width))
    return of_greys(np.clip(levels, 0, 255))


def grey(image: np.ndarray) -> np.ndarray:
    weighted: np.ndarray = (image.astype(np.int64) @ np.array([3735, 19235, 9798]) + 2**14) >> 15
    return weighted.astype(np.uint8)


def drawn_augmentation(seed: int) -> tuple[np.ndarray, Choices]:
    """Noise of random size under any turn, flip, table and blur."""
    draw = np.random.default_rng(seed)
    sigma = float(draw.uniform(0.3, 3))
    choices = Choices(
        turns=int(draw.integers(4)),
        flip=int(draw.integers(4)),
        alpha=float(draw.uniform(-0.5, 3)),
        beta=float(draw.uniform(-300, 300)),
        size=int(draw.choice([1, blur_size(sigma), 9, 23])),
        sigma=sigma,
    )
    return draw.integers(0, 256, (*draw.integers(1, 140, 2), 3), np.uint8), choices


def drawn_by_annotations(stage: Stage, seed: int) -> tuple[Any, ...] | None:
    """Noise of random size in a form that the first parameter takes, what is drawn for it, the defaults; None without marks."""
    if not stage.terms.of_one_image:
        return None
    draw = np.random.default_rng(seed)
    image = stage.terms.images[seed % len(stage.terms.images)]
    sides = [int(side) for side in draw.integers(image.least, min(image.most or 200, 200), 2, endpoint=True)]
    noise = draw.integers(0, 256, image.shape(*sides), np.uint8)
    return (noise, *derived.drawn(stage.terms, seed, 0, noise.shape))


Oracle = Callable[..., tuple[Any, float]]
# The answer, and by how much a variant may be off it. A blur is not rounded in the oracle, and two variants agree within one
# level of each other's rounding. A crop's position is rounded to 1/32 pixel: 2 · 255/64 = 7.97, and two roundings.
ORACLES: dict[str, Oracle] = {
    "augment": lambda image, choices: (augment_exact(image, choices), 0.9 if choices.size > 1 else 0.0),
    "crop_boxes": lambda page, boxes: (crop_boxes(page, boxes), 8.0),
    "cumulative_sum": lambda n: (n * (n - 1) // 2, 0.0),
    "grey": lambda image: (grey(image), 0.0),
    "main_colors": lambda image, n=6: (main_colors(image, n), 0.0),
    "ocr_preprocess": lambda image: (ocr_preprocess(image), 0.0),
}
DRAWN: dict[str, Callable[[int], tuple[Any, ...]]] = {
    "augment": drawn_augmentation,
    "crop_boxes": drawn_boxes,
    "cumulative_sum": lambda seed: (int(np.random.default_rng(seed).integers(0, 100_000)),),
    "main_colors": lambda seed: (drawn_colours(seed), 1 + seed % 9),
    "ocr_preprocess": lambda seed: (drawn_page(seed),),
}


def drawn(stage: str, seed: int) -> tuple[Any, ...] | None:
    """Inputs of a stage from a seed; None where nothing says how to make them."""
    return DRAWN[stage](seed) if stage in DRAWN else drawn_by_annotations(registry.stage(stage), seed)
