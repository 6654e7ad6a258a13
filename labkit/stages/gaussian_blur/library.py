"""The libraries with these weights.

Others compute another blur: Pillow's is a row of box filters, ``cv2.stackBlur`` has triangular weights, those of kornia-rs,
pyvips, SciPy's ``gaussian_filter`` and scikit-image are not rounded to 256ths, which is several levels of difference at sigma 10.
"""

from __future__ import annotations

import cv2
import numpy as np

from labkit.core import variant
from labkit.stages.gaussian_blur.taps import WHOLE, taps


@variant("gaussian_blur", kind="library")
def opencv(image: np.ndarray, sigma: float = 3.0) -> np.ndarray:
    """cv2.GaussianBlur, whose size follows from sigma."""
    return cv2.GaussianBlur(image, (0, 0), float(sigma))


@variant("gaussian_blur", kind="library")
def opencv_filter(image: np.ndarray, sigma: float = 3.0) -> np.ndarray:
    """cv2.sepFilter2D in float32 with the same weights, which it adds up exactly."""
    weights = taps(float(sigma)).astype(np.float32)
    sums = cv2.sepFilter2D(image, cv2.CV_32F, weights, weights, borderType=cv2.BORDER_REFLECT_101)
    made: np.ndarray = ((sums.astype(np.int32) + WHOLE**2 // 2) >> 16).astype(np.uint8)
    return made


@variant("gaussian_blur", kind="library", requires=("scipy",))
def scipy_correlate(image: np.ndarray, sigma: float = 3.0) -> np.ndarray:
    """scipy.ndimage.correlate1d in int32 with the same weights, down and across."""
    from scipy.ndimage import correlate1d

    weights, sums = taps(float(sigma)), image.astype(np.int32)
    for axis in (0, 1):
        sums = correlate1d(sums, weights, axis, mode="mirror")
    made: np.ndarray = ((sums + WHOLE**2 // 2) >> 16).astype(np.uint8)
    return made
