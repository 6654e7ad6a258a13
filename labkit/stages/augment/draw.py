"""What is random about one augmented image, as plain numbers: drawn once, applied alike by every variant.

The chain is the brief's: RandomRotate90, a flip, RandomBrightnessContrast(p=0.5), GaussianBlur(p=0.3), with the ranges
that albumentations 2.0.8 has by default. ``A.Flip`` no longer exists: as it did, half of the images are flipped, and
those left to right, upside down or both with equal chances.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from labkit.core.draws import uniforms

LEFT_RIGHT, UPSIDE_DOWN = 1, 2  # bits of Choices.flip
BRIGHTNESS = CONTRAST = (-0.2, 0.2)
SIGMA = (0.5, 3.0)


class Choices(NamedTuple):
    """``augment``'s choices; the default changes nothing.

    turns : quarter turns anticlockwise, 0 to 3 (applied first).
    flip : 0 none, 1 left to right, 2 upside down, 3 both (of the turned image).
    alpha, beta : a value v becomes v·alpha + beta in float32, clipped to 0..255 and truncated; 1 and 0: unchanged.
    size, sigma : taps (odd) and standard deviation in pixels of the Gaussian blur; size 1: no blur.
    """

    turns: int = 0
    flip: int = 0
    alpha: float = 1.0
    beta: float = 0.0
    size: int = 1
    sigma: float = 0.0


def draw(seed: int, index: int) -> Choices:
    """The choices of image ``index`` in the run with ``seed``; raises UsageError where they are not within 0 to 2⁶⁴ − 1."""
    # One call for all: eight numbers cost as much as one. Each choice has its own, whether the others happen or not.
    turn, flips, way, changes, contrast, brightness, blurs, width = uniforms(seed, index, "augment", 8)
    alpha, beta, size, sigma = 1.0, 0.0, 1, 0.0
    if changes < 0.5:
        alpha, beta = 1.0 + between(CONTRAST, contrast), 255.0 * between(BRIGHTNESS, brightness)
    if blurs < 0.3:
        sigma = between(SIGMA, width)
        size = blur_size(sigma)
    return Choices(int(4 * turn), 1 + int(3 * way) if flips < 0.5 else 0, alpha, beta, size, sigma)


def between(limits: tuple[float, float], share: float) -> float:
    """The number that lies a share of 0 to 1 of the way from the one limit to the other."""
    return limits[0] + share * (limits[1] - limits[0])


def blur_size(sigma: float) -> int:
    """How many taps albumentations gives a blur of ``sigma`` pixels: 3 to 21 for 0.5 to 3.0 (as Pillow does)."""
    return int(sigma * 3.5) * 2 + 1


def weights(size: int, sigma: float) -> np.ndarray:
    """The taps of the blur, float64 (size,), symmetric, sum 1; [1.] for size 1."""
    if size == 1:
        return np.ones(1)
    x = np.arange(size) - size // 2
    kernel = np.exp(-0.5 * (x / sigma) ** 2)
    normalised: np.ndarray = kernel / kernel.sum()
    return normalised


@lru_cache(maxsize=64)
def table(alpha: float, beta: float) -> np.ndarray:
    """What each of the 256 values becomes, uint8 (256,), read-only: in float32, clipped, truncated as albumentations does."""
    values = np.arange(256, dtype=np.float32) * np.float32(alpha) + np.float32(beta)
    made = np.clip(values, 0, 255).astype(np.uint8)
    made.flags.writeable = False
    return made


def changes_values(choices: Choices) -> bool:
    """Does the brightness or contrast change at all?"""
    return choices.alpha != 1 or choices.beta != 0


def orientation(choices: Choices) -> tuple[bool, bool, bool]:
    """Turn and flip as one of the eight symmetries of a rectangle: (transpose, left to right, upside down).

    The image is transposed first (or not) and its rows and columns are then reversed (or not). A quarter turn anticlockwise
    is a transposition, then upside down.
    """
    transpose, left_right, upside_down = (
        (False, False, False),
        (True, False, True),
        (False, True, True),
        (True, True, False),
    )[choices.turns]
    return transpose, left_right != bool(choices.flip & LEFT_RIGHT), upside_down != bool(choices.flip & UPSIDE_DOWN)
