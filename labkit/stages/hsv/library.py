"""OpenCV alone has hues of half degrees: Pillow's go to 255, those of scikit-image, kornia-rs and zignal are fractions."""

from __future__ import annotations

import cv2
import numpy as np

from labkit.core import variant


@variant("hsv", kind="library")
def opencv(image: np.ndarray) -> np.ndarray:
    """cv2.cvtColor."""
    return cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
