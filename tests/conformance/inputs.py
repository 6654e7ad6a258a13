"""Inputs on which variants are tried: a stage's edge cases, and as many drawn ones as a seed each makes.

A stage of one annotated image needs nothing here; what leads its kernels astray may be drawn beside it. Other stages say how
inputs are drawn.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from labkit.core import registry
from labkit.core.contract import Image, OneOf, Real, Whole
from labkit.core.derived import drawn
from labkit.inputs.files import encoded
from labkit.stages.augment.draw import Choices, blur_size
from labkit.stages.ocr_preprocess.workloads import of_greys
from tests.conformance import catalogue

Random = np.random.Generator
Inputs = tuple[Any, ...]


def picture(random: Random, image: Image) -> np.ndarray:
    """Of any size: noise, one heap of levels, a few colours in runs, two heaps as of ink on paper, a smooth one, a ramp."""
    sides = (int(side) for side in random.integers(image.least, image.least + 220, 2))
    shape = image.shape(*sides)
    sort = random.integers(6)
    levels: np.ndarray
    if sort == 0:
        return random.integers(0, 256, shape, np.uint8)
    if sort == 1:
        levels = random.normal(random.uniform(30, 220), random.uniform(1, 40), shape)
    elif sort == 2:
        return in_runs(random, shape)
    elif sort == 3:
        levels = np.where(random.random(shape) < 0.1, 40, 210) + random.normal(0, 12, shape)
    elif sort == 4:
        coarse = random.integers(0, 256, (-(-shape[0] // 9), -(-shape[1] // 9), *shape[2:]), np.uint8)
        levels = cv2.resize(coarse, shape[1::-1], interpolation=cv2.INTER_CUBIC).reshape(shape)
    else:
        levels = np.linspace(0, 255, shape[0]).reshape(-1, *[1] * (len(shape) - 1)) + random.normal(0, 3, shape)
    return np.clip(levels, 0, 255).astype(np.uint8)


def in_runs(random: Random, shape: tuple[int, ...]) -> np.ndarray:
    """Few or many colours, in runs short or long; a fourth channel is 0, 1, 254 or 255."""
    palette = random.integers(0, 256, (int(random.choice([2, 40, 3000, 200_000])), *shape[2:]), np.uint8)
    if shape[2:] == (4,):
        palette[:, 3] = random.choice([0, 1, 254, 255], len(palette))
    size = shape[0] * shape[1]
    lengths = random.integers(1, int(random.choice([2, 5, 400])), size)
    return palette[np.repeat(random.integers(0, len(palette), size), lengths)[:size]].reshape(shape)


def parameter(random: Random, taken: Any, default: Any) -> Any:
    """A value that a parameter takes; its default where nothing says what it takes."""
    if isinstance(taken, OneOf):
        return taken.values[int(random.integers(len(taken.values)))]
    if isinstance(taken, Whole):
        value = int(random.integers(taken.low, min(taken.low + 40, taken.high or taken.low + 40) + 1))
        try:
            taken.check("", value)
        except ValueError:  # an even number where an odd one is asked for
            return value - 1
        return value
    if isinstance(taken, Real) and max(-taken.low, taken.high) < np.inf:
        return float(random.uniform(taken.low, taken.high))
    return default


def augmented(random: Random) -> Inputs:
    """Choices wider than those of the draw."""
    sigma = float(random.uniform(0.3, 3))
    turns, flip = (int(value) for value in random.integers(0, 4, 2))
    size = int(random.choice([1, blur_size(sigma), 9, 23]))
    choices = Choices(turns, flip, float(random.uniform(-0.5, 3)), float(random.uniform(-300, 300)), size, sigma)
    return picture(random, Image(3)), choices


def boxes_on_a_page(random: Random) -> Inputs:
    """A page, and boxes of any angle, warped, in perspective, some mirrored, some partly outside."""
    page = picture(random, Image(3))
    rows, columns = page.shape[:2]
    boxes = np.empty((int(random.integers(1, 30)), 4, 2))
    for k in range(len(boxes)):
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * random.uniform(1, 45, 2)
        corners += random.choice([0, 0.15, 0.4]) * random.uniform(-1, 1, (4, 2)) * np.abs(corners).max(axis=0)
        angle = random.choice([0.0, np.pi / 2, random.uniform(-0.1, 0.1), random.uniform(-np.pi, np.pi)])
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        boxes[k] = (corners * (random.choice([-1, 1, 1]), 1)) @ turn.T + random.uniform(-20, (columns + 20, rows + 20))
    return page, boxes.astype(np.float32)


def png(random: Random) -> Inputs:
    image = picture(random, Image(int(random.choice([1, 3, 4]))))
    return (np.frombuffer(encoded(image, ".png"), np.uint8).copy(), 1)


def jpeg(random: Random) -> Inputs:
    """Read in full or in reduced size."""
    image = picture(random, Image(int(random.choice([1, 3]))))
    return (np.frombuffer(encoded(image, ".jpg"), np.uint8).copy(), int(random.choice([1, 2, 4, 8])))


def lumpy(random: Random) -> Inputs:
    """A histogram that is hard to sample: heaps of any height and width, some of them in one corner only."""
    height, width = (int(side) for side in random.integers(120, 400, 2))
    levels = np.full((height, width), random.uniform(0, 255))
    for _ in range(int(random.integers(1, 7))):
        top, left = int(random.integers(height)), int(random.integers(width))
        bottom, right = int(random.integers(top, height)) + 1, int(random.integers(left, width)) + 1
        heap = random.normal(random.uniform(0, 255), random.choice([0, 0.4, 3, 30]), (bottom - top, right - left))
        levels[top:bottom, left:right] = heap
    return (of_greys(np.clip(levels, 0, 255)),)


def misleading(random: Random) -> Inputs:
    """Every row but a few holds two levels; those few, seldom sampled, move the threshold."""
    levels = random.choice(random.integers(0, 256, 2), (300, 301))
    levels[random.integers(0, 300, int(random.integers(1, 40)))] = random.integers(0, 256)
    return (of_greys(levels),)


def tie(random: Random) -> np.ndarray:
    """Levels (1, n), symmetric about one of them: two thresholds are equally good, and rounding decides."""
    middle, sides, wings = int(random.integers(16, 240)), random.integers(1, 60, 3), int(random.integers(1, 4))
    levels = [middle] * int(random.integers(0, 60))
    for offset, count in zip(random.choice(np.arange(1, 16), wings, replace=False), sides[:wings], strict=True):
        levels += [middle - offset] * int(count) + [middle + offset] * int(count)
    return np.array([levels], np.uint8)


def tied(random: Random) -> Inputs:
    """Equally good thresholds, in a row or in a picture too large to count every level of."""
    levels = tie(random)
    if random.random() < 0.5:
        return (of_greys(levels),)
    return (of_greys(random.permutation(np.resize(np.repeat(levels[0], 41), 150 * 200)).reshape(150, 200)),)


# In place of what the annotations say; with None among several, that comes in turn with the others.
DRAWS: dict[str, tuple[Callable[[Random], Inputs] | None, ...]] = {
    "augment": (augmented,),
    "crop_boxes": (boxes_on_a_page,),
    "cumulative_sum": (lambda random: (int(random.integers(0, 10 ** int(random.integers(1, 6)))),),),
    "decode": (png, jpeg),
    "ocr_preprocess": (None, lumpy, misleading, tied),
}
for found in pkgutil.iter_modules(catalogue.__path__, f"{catalogue.__name__}."):
    DRAWS |= getattr(importlib.import_module(found.name), "DRAWS", {})


def draw(stage: str, seed: int) -> Inputs:
    """Complete inputs of a stage, others for each seed."""
    random = np.random.default_rng([seed, 17])
    terms = registry.stage(stage).terms
    chosen = DRAWS.get(stage, (None,))
    made = chosen[seed % len(chosen)]
    if made is not None:
        return made(random)
    image = picture(random, terms.images[seed % len(terms.images)])
    given = (image, *drawn(terms, 23, seed, image.shape))
    rest = terms.parameters[len(given) :]
    return (*given, *(parameter(random, terms.takes.get(name), terms.defaults[name]) for name in rest))


def can_draw(stage: str) -> bool:
    return stage in DRAWS or registry.stage(stage).terms.of_one_image
