"""The libraries that compute this.

scikit-image's and zignal's canny smooth the picture and take the root of the squares: they are no variants.
"""

from __future__ import annotations

import cv2
import numpy as np

from labkit.core import variant


@variant("canny", kind="library")
def opencv(image: np.ndarray, low: int = 100, high: int = 200) -> np.ndarray:
    """cv2.Canny."""
    return cv2.Canny(image, low, high)


@variant("canny", kind="library")
def opencv_sobel(image: np.ndarray, low: int = 100, high: int = 200) -> np.ndarray:
    """cv2.Sobel for the derivatives, which Intel's IPP computes where OpenCV has it, then cv2.Canny of them."""
    across, down = (cv2.Sobel(image, cv2.CV_16S, dx, 1 - dx, borderType=cv2.BORDER_REPLICATE) for dx in (1, 0))
    return cv2.Canny(across, down, low, high)


@variant("canny", kind="library", requires=("kornia_rs",))
def kornia(image: np.ndarray, low: int = 100, high: int = 200) -> np.ndarray:
    """kornia-rs' canny, which follows OpenCV's."""
    from kornia_rs import imgproc

    made: np.ndarray = np.asarray(imgproc.canny(image[..., None], float(min(low, high)), float(max(low, high))))
    return made.reshape(image.shape)
