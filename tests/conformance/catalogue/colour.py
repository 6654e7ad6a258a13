"""Colour spaces, saturation, equalised levels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np


def ycrcb(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb)


ORACLES: dict[str, Callable[..., Any]] = {each.__name__: each for each in (ycrcb,)}
