"""Of the libraries OpenCV alone has this definition: scikit-image's equalize_adapthist clips and blends otherwise."""

from __future__ import annotations

import cv2
import numpy as np

from labkit.core import variant


@variant("clahe", kind="library")
def opencv(image: np.ndarray, limit: float = 2.0, columns: int = 8, rows: int = 8) -> np.ndarray:
    """cv2.createCLAHE."""
    return cv2.createCLAHE(limit, (columns, rows)).apply(image)
