"""OpenCV alone rounds linear light to 2040ths: scikit-image, pyvips, zignal and kornia-rs compute in floats and differ in dark
colours; Pillow's Lab is under D50.
"""

from __future__ import annotations

import cv2
import numpy as np

from labkit.core import variant


@variant("lab", kind="library")
def opencv(image: np.ndarray) -> np.ndarray:
    """cv2.cvtColor."""
    return cv2.cvtColor(image, cv2.COLOR_BGR2Lab)
