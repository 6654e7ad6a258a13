"""The best chains of library calls. No library fuses the three: blobFromImage crops and resizes, but bilinearly; kornia-rs'
resize, to be followed by its normalize_mean_std, is no mean either; pyvips' is one of whole factors only, and slower."""

from __future__ import annotations

import math

import cv2
import numpy as np

from labkit.core import variant
from labkit.core.errors import NotOffered
from labkit.kinds import planes
from labkit.stages.resize_crop_normalise import resized, window


def square(image: np.ndarray, short: int, crop: int) -> np.ndarray:
    """The square out of what cv2.resize makes of no more of the picture than it has to: a view.

    Raises NotOffered for larger pictures, where INTER_AREA is no mean.
    """
    if short > min(image.shape[:2]):
        raise NotOffered("INTER_AREA is no mean where an axis gets longer")
    sides = zip(image.shape, resized(image, short), window(image, short, crop), strict=False)
    down, across = (between_whole_pixels(source, target, begin, crop) for source, target, begin in sides)
    made = cv2.resize(image[down[0], across[0]], (across[1], down[1]), interpolation=cv2.INTER_AREA)
    return made[down[2] : down[2] + crop, across[2] : across[2] + crop]


def between_whole_pixels(source: int, target: int, begin: int, count: int) -> tuple[slice, int, int]:
    """Of an axis the least that is resized by itself to the same: where edges of the outputs and of pixels meet.

    Returns the part of the source, how long it becomes, and where the ``count`` outputs from ``begin`` on are in it.
    """
    common = math.gcd(source, target)
    pixels, outputs = source // common, target // common
    first, last = begin // outputs, -(-(begin + count) // outputs)
    return slice(first * pixels, last * pixels), (last - first) * outputs, begin - first * outputs


@variant("resize_crop_normalise", kind="library")
def opencv(image: np.ndarray, short: int = 256, crop: int = 224, to: str = "mean_std") -> np.ndarray:
    """cv2.resize, a slice, cv2.split, and a cv2.LUT of float32 for each plane."""
    return planes.by_tables(square(image, short, crop), to)


@variant("resize_crop_normalise", kind="library")
def opencv_blob(image: np.ndarray, short: int = 256, crop: int = 224, to: str = "mean_std") -> np.ndarray:
    """cv2.resize, a slice, cv2.dnn.blobFromImage, then scaled and shifted in place."""
    return planes.by_blob(square(image, short, crop), to)
