"""The libraries that compute this.

scikit-image's, kornia-rs' and zignal's sobel give the root of the squares in floats or bytes, Pillow's kernels bytes, and pyvips
repeats the border: they are no variants.
"""

from __future__ import annotations

import cv2
import numpy as np

from labkit.core import variant


@variant("sobel", kind="library")
def opencv(image: np.ndarray, of: str = "sum") -> np.ndarray:
    """cv2.Sobel, which Intel's IPP computes where OpenCV has it; of the sum one a derivative."""
    if of != "sum":
        return cv2.Sobel(image, cv2.CV_16S, int(of == "x"), int(of == "y"))
    return added(cv2.Sobel(image, cv2.CV_16S, 1, 0), cv2.Sobel(image, cv2.CV_16S, 0, 1))


@variant("sobel", kind="library")
def opencv_both(image: np.ndarray, of: str = "sum") -> np.ndarray:
    """cv2.spatialGradient, which makes both derivatives in one pass."""
    across, down = cv2.spatialGradient(image)
    return added(across, down) if of == "sum" else across if of == "x" else down


@variant("sobel", kind="library", requires=("scipy",))
def scipy_sobel(image: np.ndarray, of: str = "sum") -> np.ndarray:
    """scipy.ndimage.sobel in 16 bits."""
    from scipy.ndimage import sobel

    wide = image.astype(np.int16)
    if of != "sum":
        return sobel(wide, axis=1 if of == "x" else 0, mode="mirror")
    return added(sobel(wide, axis=1, mode="mirror"), sobel(wide, axis=0, mode="mirror"))


def added(across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Their absolute values, by NumPy in place; OpenCV's absdiff and add make copies."""
    np.abs(across, out=across)
    across += np.abs(down, out=down)
    return across
