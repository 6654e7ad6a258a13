"""The libraries that compute this grey; Pillow, scikit-image and kornia-rs weigh otherwise and differ in many pixels."""

from __future__ import annotations

import cv2
import numpy as np

from labkit.core import variant


@variant("grey", kind="library")
def opencv(image: np.ndarray) -> np.ndarray:
    """cv2.cvtColor."""
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)


WEIGHTS = np.array([[3735, 19235, 9798, 0.5]]) / 32768  # and half a step: cv2 rounds ties to even, cvtColor upwards


@variant("grey", kind="library")
def opencv_transform(image: np.ndarray) -> np.ndarray:
    """cv2.transform with the same weights as numbers of 32 bits."""
    return cv2.transform(image, WEIGHTS)
