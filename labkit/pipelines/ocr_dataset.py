"""Training data for OCR: copies of a page as a bad scanner or camera would have seen it, cleaned as before OCR.

One copy: turned by up to 5° and seen a little aslant, contrast evened out (CLAHE), sharpened, then what documents bring:
uneven light, grain and specks. Then :mod:`labkit.stages.ocr_preprocess`: grey, Otsu's threshold, median.
Source: a 2025 blog on augmenting images on all cores (its OCR dataset). CLAHE: K. Zuiderveld, "Contrast Limited Adaptive
Histogram Equalization", Graphics Gems IV, 1994.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from labkit.core.draws import generator
from labkit.pipelines.chains import named, plain_variant

MOST_DEGREES = 5.0
ASLANT = 0.03  # of a side: how far a corner moves inwards or outwards
TILES = (8, 8)  # of CLAHE
RADIUS = 1.5  # pixels: standard deviation of the blur that is taken off to sharpen


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


def degraded(image: np.ndarray, choices: Choices) -> np.ndarray:
    """The copy before it is cleaned: uint8 (h, w, 3) BGR of the same size; the input is left as it is."""
    # block: rotate and tilt
    height, width = image.shape[:2]
    paper = np.median(np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]]), axis=0).tolist()
    page = cv2.warpPerspective(image, _matrix(height, width, choices), (width, height), borderValue=paper)

    # block: even out the contrast
    lab = cv2.cvtColor(page, cv2.COLOR_BGR2Lab)
    lab[:, :, 0] = cv2.createCLAHE(choices.clip, TILES).apply(lab[:, :, 0])
    page = cv2.cvtColor(lab, cv2.COLOR_Lab2BGR)

    # block: sharpen
    page = cv2.addWeighted(page, 1 + choices.sharpen, cv2.GaussianBlur(page, (0, 0), RADIUS), -choices.sharpen, 0)

    # block: light, grain and specks
    random = np.random.default_rng(choices.noise)
    grain = random.standard_normal((height, width), np.float32) * np.float32(choices.grain)
    made = cv2.multiply(page, cv2.merge([_light(height, width, choices)] * 3), dtype=cv2.CV_32F)
    made = cv2.add(made, cv2.merge([grain] * 3), dtype=cv2.CV_8U)
    for x, y in random.integers(0, (width, height), (choices.specks * height * width // 1_000_000, 2)).tolist():
        cv2.circle(made, (x, y), int(random.integers(1, 4)), (30, 30, 30), cv2.FILLED)
    return made


@dataclass(frozen=True)
class OcrChain:
    """A chain (see :mod:`labkit.pipelines.chains`): degrade, then ``preprocess``, a variant of ocr_preprocess by name."""

    preprocess: str
    name: str = "ocr-dataset"

    @property
    def identity(self) -> str:
        return self.name

    def __call__(self, image: np.ndarray, seed: int, index: int) -> np.ndarray:
        """uint8 (h, w), 0 or 255, from uint8 (h, w, 3) BGR."""
        return named(self.preprocess)(degraded(image, draw(seed, index)))


def open_ocr_chain() -> OcrChain:
    """The chain with the fastest ``ocr_preprocess`` that is built here; raises UsageError when there is none."""
    return OcrChain(plain_variant("ocr_preprocess", ("native", "opencv")))


def _matrix(height: int, width: int, choices: Choices) -> np.ndarray:
    """Where a pixel goes: turned about the middle, then the corners moved; float64 (3, 3)."""
    turn = np.vstack([cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), choices.degrees, 1.0), [0, 0, 1]])
    sides = np.array([width, height])
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * (sides - 1.0)
    moved = corners + choices.corners * sides
    return cv2.getPerspectiveTransform(corners.astype(np.float32), moved.astype(np.float32)) @ turn


def _light(height: int, width: int, choices: Choices) -> np.ndarray:
    """Share of the light at each pixel, float32 (h, w): 1 at the bright end, 1 − shade at the dark one."""
    across = np.linspace(-0.5, 0.5, width, dtype=np.float32) * np.float32(math.cos(choices.light))
    down = np.linspace(-0.5, 0.5, height, dtype=np.float32) * np.float32(math.sin(choices.light))
    slope = across[None, :] + down[:, None]  # between −0.71 and 0.71
    return 1 - np.float32(choices.shade) * (slope + np.float32(0.7072)) / np.float32(1.4144)
