"""Colours and levels."""

from __future__ import annotations

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


ORACLES: dict[str, Callable[..., Any]] = {"brightness_contrast": brightness_contrast, "clahe": clahe, "hsv": hsv}
