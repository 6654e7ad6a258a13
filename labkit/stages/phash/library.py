"""The libraries that have the parts. They differ in who makes the picture small, which is nearly all of the work.

cv2.img_hash (opencv-contrib) takes the mean of 63 coefficients for the median and resizes bilinearly, ImageHash resizes by
Pillow's Lanczos filter: other hashes.
"""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from labkit.core import variant
from labkit.core.errors import NotOffered
from labkit.stages.phash import COSINES, LOW, SMALL, bits


def small(image: np.ndarray) -> np.ndarray:
    """cv2.resize. Raises NotOffered for pictures with a side below 32, of which INTER_AREA is no mean."""
    if min(image.shape[:2]) < SMALL:
        raise NotOffered("INTER_AREA is no mean where an axis gets longer")
    return grey(cv2.resize(image, (SMALL, SMALL), interpolation=cv2.INTER_AREA))


def grey(levels: np.ndarray) -> np.ndarray:
    """One channel of uint8."""
    return levels if levels.ndim == 2 else cv2.cvtColor(levels, cv2.COLOR_BGR2GRAY)


@variant("phash", kind="library")
def opencv(image: np.ndarray) -> np.ndarray:
    """cv2.resize, cv2.cvtColor, cv2.dct in float32, whose scale is taken back."""
    scaled = cv2.dct(small(image).astype(np.float32))[:LOW, :LOW] * (SMALL / 2)
    scaled[0] *= np.sqrt(2)
    scaled[:, 0] *= np.sqrt(2)
    return bits(scaled)


@variant("phash", kind="library", requires=("scipy",))
def scipy(image: np.ndarray) -> np.ndarray:
    """cv2.resize and cv2.cvtColor, then scipy.fft's transform, as ImageHash calls it."""
    from scipy.fft import dctn

    return bits(dctn(small(image).astype(np.float32))[:LOW, :LOW] / 4)


@variant("phash", kind="library")
def pillow(image: np.ndarray) -> np.ndarray:
    """Pillow's reduce, then products with the cosines. Raises NotOffered where a factor is no whole number."""
    height, width = image.shape[:2]
    if height % SMALL or width % SMALL:
        raise NotOffered("reduce takes whole factors")
    made = grey(np.array(Image.fromarray(image).reduce((width // SMALL, height // SMALL))))
    return bits(COSINES @ made @ COSINES.T)
