"""Edge cases drawn at random within a stage's contract: sizes, contents, alphas and parameters that no workload has.

Another draw in each run, the same again for the same seed. Of an annotated contract all follows from its marks; of another one
the workload's own arrays are cut to other sizes, and what its contract or reference refuses is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from labkit.core.contract import Drawn, Image, Odd, OneOf, Real, Terms, Whole
from labkit.core.stage import Stage

SIDE = 97  # pixels: small enough to cost nothing, across every vector's width
CUT = 16  # an axis as long as that can be cut; a shorter one (channels, corners) means something
LONG = 70_000  # pixels in a row: more than 16 bits count
ALPHAS = np.array([0, 0, 1, 127, 128, 254, 255, 255], np.uint8)
UNEVEN_COUNT = (4099, 4101)  # pixels: their number is the first of its kind that float32 can't hold


def drawn_cases(
    stage: Stage, inputs: tuple[Any, ...], seed: int, count: int = 12
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """So many cases by name, small ones first, the last one long in one direction; none of inputs that can't be cut."""
    random = np.random.default_rng([seed, *map(ord, stage.name)])
    for number in range(count):
        long = number == count - 1
        case: tuple[Any, ...] | None
        if stage.terms.of_one_image:
            case = _of_terms(stage.terms, random, long)
        elif not long:
            case = _cut(inputs, random)
        else:
            continue
        if case is not None:
            words = ", ".join(_told(name, value) for name, value in zip(stage.signature.parameters, case, strict=False))
            yield f"drawn {number + 1} of seed {seed}: {words}", case


def many_alike(inputs: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """A picture so large and even that a count of its pixels does not fit into float32; None where no picture comes alone.

    It takes no memory before it is copied.
    """
    first, rest = inputs[0] if inputs else None, inputs[1:]
    if (
        not isinstance(first, np.ndarray)
        or first.dtype != np.uint8
        or first.shape[2:] not in ((), (3,), (4,))
        or first.ndim < 2
    ):
        return None
    if any(isinstance(value, np.ndarray | list | tuple | dict) for value in rest):
        return None
    return (np.broadcast_to(np.uint8(255), (*UNEVEN_COUNT, *first.shape[2:])), *rest)


def _told(name: str, value: Any) -> str:
    return f"{name} {'×'.join(map(str, value.shape))}" if isinstance(value, np.ndarray) else f"{name}={value!r:.40}"


def _of_terms(terms: Terms, random: np.random.Generator, long: bool) -> tuple[Any, ...]:
    image = terms.images[random.integers(len(terms.images))]
    sides = [int(random.integers(1, SIDE)) for _ in range(2)]
    if random.random() < 0.3:
        sides[random.integers(2)] = int(random.integers(1, 9))
    if long:
        sides = [int(random.integers(1, 4)), int(random.integers(LONG // 2, LONG))][:: int(random.choice([1, -1]))]
    height, width = (min(max(side, image.least), image.most or side) for side in sides)
    pixels = _pixels(image, height, width, random)
    given: dict[str, Any] = {terms.parameters[0]: pixels}
    for name in terms.parameters[1:]:
        taken = terms.takes.get(name)
        if isinstance(taken, Drawn):
            given[name] = taken(int(random.integers(2**31)), int(random.integers(100)), pixels.shape)
        else:
            given[name] = _value(taken, terms.defaults[name], random)
    return tuple(given.values())


def _pixels(image: Image, height: int, width: int, random: np.random.Generator) -> np.ndarray:
    """Noise, few levels, black and white, a gradient or one level; an alpha of all, nothing, or in between."""
    shape = image.shape(height, width)
    made: np.ndarray
    match random.integers(5):
        case 0:
            made = random.integers(0, 256, shape, np.uint8)
        case 1:
            made = random.choice(random.integers(0, 256, 3, np.uint8), shape)
        case 2:
            made = random.choice(np.array([0, 255], np.uint8), shape)
        case 3:
            made = (np.indices(shape[:2]).sum(0) * int(random.integers(1, 9)) % 256).astype(np.uint8)
            made = made if image.channels == 1 else np.repeat(made[..., None], image.channels, axis=2)
        case _:
            made = np.full(shape, random.integers(256), np.uint8)
    if image.channels == 4:
        made[..., 3] = _alpha(shape[:2], random)
    return made


def _alpha(shape: Sequence[int], random: np.random.Generator) -> np.ndarray:
    if random.random() < 0.3:
        return np.full(shape, random.choice(ALPHAS))
    alpha: np.ndarray = (
        random.choice(ALPHAS, shape) if random.random() < 0.7 else random.integers(0, 256, shape, np.uint8)
    )
    return alpha


def _value(taken: Any, default: Any, random: np.random.Generator) -> Any:
    """A value that a parameter takes; its default where nothing says which others it takes, and in a third of all draws."""
    if random.random() < 1 / 3:
        return default
    if isinstance(taken, OneOf):
        return taken.values[random.integers(len(taken.values))]
    if isinstance(taken, Whole):
        high = taken.low + int(2 ** random.uniform(0, 7)) if taken.high is None else taken.high
        value = int(random.integers(taken.low, high + 1))
        return value - (value % 2 == 0) if isinstance(taken, Odd) else value
    if isinstance(taken, Real):
        around = max(1.0, abs(float(default)))
        least = taken.low if math.isfinite(taken.low) else float(default) - around
        most = taken.high if math.isfinite(taken.high) else max(least, float(default)) + around
        return float(most - (most - least) * random.random())  # above the least
    return default


def _cut(inputs: tuple[Any, ...], random: np.random.Generator) -> tuple[Any, ...] | None:
    """The arrays, all of the same height and width, cut alike; None where they are not, or hold anything that is to be cut."""
    found = [value for value in inputs if isinstance(value, np.ndarray)]
    if not found or any(isinstance(value, list | tuple | dict) for value in inputs):
        return None
    sides = found[0].shape[:2]
    if any(array.shape[:2] != sides or array.dtype.hasobject for array in found) or max(sides, default=0) < CUT:
        return None
    spans = []
    for side in sides:
        length = int(random.integers(CUT // 2, min(side, SIDE) + 1)) if side >= CUT else side
        start = int(random.integers(0, side - length + 1))
        spans.append(slice(start, start + length))
    made = []
    for value in inputs:
        if isinstance(value, np.ndarray):
            value = np.ascontiguousarray(value[tuple(spans)])
            if value.dtype == np.uint8 and value.shape[2:] == (4,):
                value[..., 3] = _alpha(value.shape[:2], random)
        made.append(value)
    return tuple(made)
