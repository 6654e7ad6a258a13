"""What is random about one degraded page, as plain numbers."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from labkit.core.draws import generator

MOST_DEGREES = 5.0
ASLANT = 0.03  # of a side: how far a corner moves inwards or outwards


class Choices(NamedTuple):
    """What is random about one copy.

    degrees : turn, anticlockwise.  corners : float64 (4, 2), how far lt, rt, rb, lb move, in sides of the image.
    clip : CLAHE's limit.  sharpen : how much of what a blur would take away is added.
    light : direction in radians;  shade : share of light that is lost at the dark end.
    grain : standard deviation in levels.  specks : dark dots in a million pixels.  noise : seed of grain and specks.
    """

    degrees: float
    corners: np.ndarray
    clip: float
    sharpen: float
    light: float
    shade: float
    grain: float
    specks: int
    noise: int


def draw(seed: int, index: int) -> Choices:
    """The choices of copy ``index`` in the run with ``seed``; raises UsageError for a negative one."""
    random = generator(seed, index, "ocr_dataset")
    return Choices(
        degrees=random.uniform(-MOST_DEGREES, MOST_DEGREES),
        corners=random.uniform(-ASLANT, ASLANT, (4, 2)),
        clip=random.uniform(1.0, 3.0),
        sharpen=random.uniform(0.2, 1.0),
        light=random.uniform(0, 2 * math.pi),
        shade=random.uniform(0.0, 0.3),
        grain=random.uniform(2.0, 12.0),
        specks=int(random.integers(0, 60)),
        noise=int(random.integers(2**63)),
    )
