"""OpenCV's calls in a row; the light and the grain are NumPy's."""

from __future__ import annotations

import math

import cv2
import numpy as np

from labkit.core import variant
from labkit.stages.degrade_page.draw import Choices

TILES = (8, 8)  # of CLAHE
RADIUS = 1.5  # pixels: standard deviation of the blur that is taken off to sharpen


@variant("degrade_page", kind="library")
def opencv(image: np.ndarray, choices: Choices) -> np.ndarray:
    """cv2.warpPerspective, CLAHE in Lab, an unsharp mask; light, grain and specks by cv2 on NumPy's draws."""
    # block: rotate and tilt
    height, width = image.shape[:2]
    paper = np.median(np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]]), axis=0).tolist()
    page = cv2.warpPerspective(image, matrix(height, width, choices), (width, height), borderValue=paper)

    # block: even out the contrast
    lab = cv2.cvtColor(page, cv2.COLOR_BGR2Lab)
    lab[:, :, 0] = cv2.createCLAHE(choices.clip, TILES).apply(lab[:, :, 0])
    page = cv2.cvtColor(lab, cv2.COLOR_Lab2BGR)

    # block: sharpen
    page = cv2.addWeighted(page, 1 + choices.sharpen, cv2.GaussianBlur(page, (0, 0), RADIUS), -choices.sharpen, 0)

    # block: light, grain and specks
    random = np.random.default_rng(choices.noise)
    grain = random.standard_normal((height, width), np.float32) * np.float32(choices.grain)
    made = cv2.multiply(page, cv2.merge([light(height, width, choices)] * 3), dtype=cv2.CV_32F)
    made = cv2.add(made, cv2.merge([grain] * 3), dtype=cv2.CV_8U)
    for x, y in random.integers(0, (width, height), (choices.specks * height * width // 1_000_000, 2)).tolist():
        cv2.circle(made, (x, y), int(random.integers(1, 4)), (30, 30, 30), cv2.FILLED)
    return made


def matrix(height: int, width: int, choices: Choices) -> np.ndarray:
    """Where a pixel goes: turned about the middle, then the corners moved; float64 (3, 3)."""
    rotation = np.vstack(
        [cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), choices.degrees, 1.0), [0, 0, 1]]
    )
    sides = np.array([width, height])
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * (sides - 1.0)
    moved = corners + choices.corners * sides
    return cv2.getPerspectiveTransform(corners.astype(np.float32), moved.astype(np.float32)) @ rotation


def light(height: int, width: int, choices: Choices) -> np.ndarray:
    """Share of the light at each pixel, float32 (h, w): 1 at the bright end, 1 − shade at the dark one."""
    across = np.linspace(-0.5, 0.5, width, dtype=np.float32) * np.float32(math.cos(choices.light))
    down = np.linspace(-0.5, 0.5, height, dtype=np.float32) * np.float32(math.sin(choices.light))
    slope = across[None, :] + down[:, None]  # between −0.71 and 0.71
    return 1 - np.float32(choices.shade) * (slope + np.float32(0.7072)) / np.float32(1.4144)
