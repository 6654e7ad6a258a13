"""No library at all: four loops over pixels, as the contract tells it."""

from __future__ import annotations

import math

import numpy as np

from labkit.core import variant
from labkit.core.errors import NotOffered
from labkit.stages.augment.draw import LEFT_RIGHT, UPSIDE_DOWN, Choices, changes_values, table

Rows = list[list[list[float]]]  # [y][x][channel]
MOST = 8_000_000  # pixels times taps: some 6 s


@variant("augment", kind="python")
def python(image: np.ndarray, choices: Choices) -> np.ndarray:
    """Lists of lists, one operation after the other. Raises NotOffered where a blur would take longer than some seconds."""
    if choices.size > 1 and image.size // 3 * choices.size > MOST:
        raise NotOffered(f"{image.size // 3:,} pixels with {choices.size} taps take minutes to check in plain Python")
    rows: Rows = image.tolist()

    # block: turn and flip
    for _ in range(choices.turns):
        rows = [list(column) for column in zip(*rows, strict=True)][::-1]  # a quarter turn anticlockwise
    if choices.flip & LEFT_RIGHT:
        rows = [row[::-1] for row in rows]
    if choices.flip & UPSIDE_DOWN:
        rows = rows[::-1]

    # block: brightness
    if changes_values(choices):
        values = table(choices.alpha, choices.beta).tolist()
        rows = [[[values[int(value)] for value in pixel] for pixel in row] for row in rows]

    # block: blur
    if choices.size > 1:
        taps = gaussian(choices.size, choices.sigma)
        across = [blurred(row, taps) for row in rows]
        down = [blurred(list(column), taps) for column in zip(*across, strict=True)]
        rows = [[[round(value) for value in pixel] for pixel in row] for row in zip(*down, strict=True)]
    return np.array(rows, np.uint8)


def gaussian(size: int, sigma: float) -> list[float]:
    """The weights of the blur: their sum is 1."""
    heights = [math.exp(-0.5 * ((k - size // 2) / sigma) ** 2) for k in range(size)]
    total = sum(heights)
    return [height / total for height in heights]


def blurred(line: list[list[float]], taps: list[float]) -> list[list[float]]:
    """Weighted means along one line of pixels, mirrored at both ends without repeating the end itself."""
    radius = len(taps) // 2
    period = max(1, 2 * (len(line) - 1))
    places = [min(k % period, -k % period) for k in range(-radius, len(line) + radius)]
    padded = [line[place] for place in places]
    return [
        [sum(weight * padded[x + k][c] for k, weight in enumerate(taps)) for c in range(3)] for x in range(len(line))
    ]
