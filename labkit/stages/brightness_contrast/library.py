"""The libraries that map levels. cv2.convertScaleAbs takes absolute values; cv2.addWeighted with 0 rounds in float32 as here."""

from __future__ import annotations

import cv2
import numpy as np

from labkit.core import variant
from labkit.stages.brightness_contrast import table


@variant("brightness_contrast", kind="library")
def opencv(image: np.ndarray, alpha: float = 1.2, beta: float = 10.0) -> np.ndarray:
    """cv2.LUT of a table of 256 levels."""
    return cv2.LUT(image, table(alpha, beta))


@variant("brightness_contrast", kind="library", requires=("stringzilla",))
def stringzilla(image: np.ndarray, alpha: float = 1.2, beta: float = 10.0) -> np.ndarray:
    """stringzilla's translate into a new array: a look-up in registers."""
    from stringzilla import translate

    made = np.empty_like(image)
    pixels, levels, out = (memoryview(one.reshape(-1)) for one in (image, table(alpha, beta), made))  # type: ignore[arg-type]
    translate(pixels, levels, out=out)
    return made


@variant("brightness_contrast", kind="library")
def pillow(image: np.ndarray, alpha: float = 1.2, beta: float = 10.0) -> np.ndarray:
    """Pillow's point, of a table a channel."""
    from PIL import Image

    picture = Image.fromarray(image)
    return np.array(picture.point(table(alpha, beta).tolist() * len(picture.getbands())))
