"""The libraries that have the parts of this.

Pillow's kernels and pyvips' cut negative values off or treat the border otherwise: for the Laplacian they are no variants.
"""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from labkit.core import variant
from labkit.stages.outliers import numbers


@variant("outliers", kind="library")
def opencv(image: np.ndarray) -> np.ndarray:
    """cv2.calcHist, which tells mean, contrast and entropy; cv2.Laplacian in 16 bits and cv2.meanStdDev of it."""
    counts = cv2.calcHist([image], [0], None, [256], [0, 256])[:, 0].astype(np.int64)  # exact below 2^24 a level
    if image.size >= 1 << 24:
        counts = np.bincount(image.ravel(), minlength=256)
    _, deviation = cv2.meanStdDev(cv2.Laplacian(image, cv2.CV_16S))
    row = numbers(counts, 0, 0)
    row[2] = deviation[0, 0] ** 2
    return row


@variant("outliers", kind="library")
def opencv_each(image: np.ndarray) -> np.ndarray:
    """A call for each number, as most write it: cv2.meanStdDev, the variance of cv2.Laplacian, Pillow's entropy."""
    mean, deviation = cv2.meanStdDev(image)
    sharpness = cv2.Laplacian(image, cv2.CV_64F).var()
    return np.array([mean[0, 0], deviation[0, 0], sharpness, abs(Image.fromarray(image).entropy())])


@variant("outliers", kind="library", requires=("scipy",))
def scipy_stats(image: np.ndarray) -> np.ndarray:
    """NumPy's mean and std, the variance of scipy.ndimage.laplace, scipy.stats.entropy of a bincount."""
    from scipy.ndimage import laplace
    from scipy.stats import entropy

    sharpness = laplace(image.astype(np.int16), mode="mirror").var()
    bits = entropy(np.bincount(image.ravel()), base=2)
    return np.array([image.mean(), image.std(), sharpness, bits])
