"""Whole arrays at a time: the neighbours of all pixels at once are slices of a padded array."""

from __future__ import annotations

import numpy as np

from labkit.core import variant
from labkit.kinds.otsu import threshold
from labkit.stages.ocr_preprocess import BLUE, GREEN, RED, SHIFT


@variant("ocr_preprocess", kind="numpy")
def numpy_slices(image: np.ndarray) -> np.ndarray:
    """Weighted channels, np.bincount, and sums of shifted slices."""
    # block: grey
    weighted = image[..., 0] * np.uint32(BLUE)
    weighted += image[..., 1] * np.uint32(GREEN)
    weighted += image[..., 2] * np.uint32(RED)
    weighted += np.uint32(1 << (SHIFT - 1))
    weighted >>= np.uint32(SHIFT)
    grey = weighted.astype(np.uint8)

    # block: threshold
    histogram = np.bincount(grey.reshape(-1), minlength=256)
    white = (grey > threshold(histogram.tolist())).view(np.uint8)

    # block: denoise
    columns = white + np.concatenate([white[:1], white[:-1]])
    columns += np.concatenate([white[1:], white[-1:]])
    total = columns.copy()
    total[:, 1:] += columns[:, :-1]
    total[:, :1] += columns[:, :1]
    total[:, :-1] += columns[:, 1:]
    total[:, -1:] += columns[:, -1:]
    return (total >= 5).view(np.uint8) * np.uint8(255)
