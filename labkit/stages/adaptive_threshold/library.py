"""The libraries that compute this. Of scikit-image, threshold_local rounds its mean otherwise; Pillow and kornia-rs have none."""

from __future__ import annotations

import cv2
import numpy as np

from labkit.core import variant
from labkit.stages.adaptive_threshold import fewest_above


@variant("adaptive_threshold", kind="library")
def opencv(image: np.ndarray, block: int = 11, c: float = 2) -> np.ndarray:
    """cv2.adaptiveThreshold."""
    return cv2.adaptiveThreshold(image, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, block, c)


@variant("adaptive_threshold", kind="library")
def opencv_box(image: np.ndarray, block: int = 11, c: float = 2) -> np.ndarray:
    """cv2.blur, then cv2.compare with what the mean has to stay below, by a look-up of each level."""
    mean = cv2.blur(image, (block, block), borderType=cv2.BORDER_REPLICATE)
    least = np.arange(256) + int(np.ceil(c))
    bound = cv2.LUT(image, np.clip(least, 0, 255).astype(np.uint8))
    made = cv2.compare(bound, mean, cv2.CMP_GT)
    return made if c <= 0 else cv2.bitwise_or(made, cv2.LUT(image, np.where(least > 255, 255, 0).astype(np.uint8)))


@variant("adaptive_threshold", kind="library", requires=("scipy",))
def scipy_uniform(image: np.ndarray, block: int = 11, c: float = 2) -> np.ndarray:
    """scipy.ndimage's running sums along either axis, in 32 bits."""
    from scipy.ndimage import correlate1d

    ones = np.ones(block, np.int32)
    sums = correlate1d(correlate1d(image.astype(np.int32), ones, 0, mode="nearest"), ones, 1, mode="nearest")
    return np.where(sums < fewest_above(block, c)[image], 255, 0).astype(np.uint8)
