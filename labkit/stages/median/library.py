"""The libraries with this median. kornia-rs 0.2 has none of uint8; scikit-image's is SciPy's or its own rank filter."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageFilter

from labkit.core import variant


@variant("median", kind="library")
def opencv(image: np.ndarray, size: int = 7) -> np.ndarray:
    """cv2.medianBlur: sorting networks up to 5, histograms of columns beyond."""
    return cv2.medianBlur(image, size)


@variant("median", kind="library", requires=("scipy",))
def scipy_filter(image: np.ndarray, size: int = 7) -> np.ndarray:
    """scipy.ndimage.median_filter, a channel at a time."""
    from scipy.ndimage import median_filter

    made: np.ndarray = median_filter(image, (size, size, *[1] * (image.ndim - 2)), mode="nearest")
    return made


@variant("median", kind="library")
def pillow(image: np.ndarray, size: int = 7) -> np.ndarray:
    """Pillow's MedianFilter, which repeats the border too."""
    frame = size if min(image.shape[:2]) < size else 0  # it leaves smaller pictures as they are
    framed = np.pad(image, [(frame, frame), (frame, frame), *[(0, 0)] * (image.ndim - 2)], mode="edge")
    made = np.array(Image.fromarray(framed).filter(ImageFilter.MedianFilter(size)))
    return made[frame:-frame, frame:-frame].copy() if frame else made
