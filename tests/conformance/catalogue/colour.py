"""Colour spaces, saturation, equalised levels."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np


def ycrcb(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb)


def lab(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_BGR2Lab)


def equalise(image: np.ndarray) -> np.ndarray:
    return cv2.equalizeHist(image)


def saturation(image: np.ndarray, factor: float) -> np.ndarray:
    """In whole numbers as the contract words them, the grey by OpenCV."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None].astype(int)
    moved = grey + np.floor(math.floor(factor * 4096 + 0.5) / 4096 * (image - grey) + 0.5)
    return np.clip(moved, 0, 255).astype(np.uint8)


ORACLES: dict[str, Callable[..., Any]] = {each.__name__: each for each in (equalise, lab, saturation, ycrcb)}
