"""Colours and levels."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np


def hsv(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_BGR2HSV)


def clahe(image: np.ndarray, limit: float, columns: int, rows: int) -> np.ndarray:
    return cv2.createCLAHE(limit, (columns, rows)).apply(image)


def brightness_contrast(image: np.ndarray, alpha: float, beta: float) -> np.ndarray:
    values = image.astype(np.float32) * np.float32(alpha) + np.float32(beta)
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


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


ORACLES: dict[str, Callable[..., Any]] = {
    one.__name__: one for one in (brightness_contrast, clahe, equalise, hsv, lab, saturation, ycrcb)
}
