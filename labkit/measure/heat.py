"""Arrays of numbers that are no images, as pictures: each number a cell, dark where it is low and light where it is high."""

from __future__ import annotations

import math

import cv2
import numpy as np

LONGEST_ROW = 512  # numbers of a list that stand in one row; a longer one is read row by row
CELL, SIDE = 16, 240  # pixels: a number is at most so large, a small array about so large in all


def is_numeric(array: np.ndarray) -> bool:
    """Whether it can be drawn so."""
    return array.dtype.kind in "buif" and array.size > 0


def sheet(array: np.ndarray) -> np.ndarray:
    """The numbers in rows and columns: those of a list row by row, those of several axes with the last ones side by side.

    The last row of a long list is filled up with its last number.
    """
    if array.ndim < 2:
        flat = array.reshape(-1)
        width = flat.size if flat.size <= LONGEST_ROW else math.isqrt(flat.size - 1) + 1
        array = np.pad(flat, (0, -flat.size % width), mode="edge").reshape(-1, width)
    return array.reshape(array.shape[0], -1)


def enlarged(sheet: np.ndarray) -> np.ndarray:
    """Each number as a square of pixels, so that a small sheet can be seen."""
    cell = max(1, min(CELL, SIDE // max(sheet.shape)))
    return sheet.repeat(cell, axis=0).repeat(cell, axis=1)


def heat(sheet: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """uint8 (h, w, 3) BGR: from the least to the greatest finite number of ``scale``; NaN is as low as can be."""
    return cv2.applyColorMap(levels(sheet, scale), cv2.COLORMAP_VIRIDIS)


def levels(array: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The numbers as uint8: 0 the least, 255 the greatest finite one of ``scale``; NaN is 0."""
    finite = scale[np.isfinite(scale)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    with np.errstate(invalid="ignore", over="ignore"):
        level = (array.astype(np.float64) - low) * (255 / (high - low) if high > low else 0.0)
    return np.nan_to_num(np.clip(level, 0, 255)).astype(np.uint8)
