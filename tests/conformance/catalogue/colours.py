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


ORACLES: dict[str, Callable[..., Any]] = {"clahe": clahe, "hsv": hsv}
