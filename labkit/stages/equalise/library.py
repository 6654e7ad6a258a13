"""The libraries that compute this.

Pillow's ImageOps.equalize, scikit-image's equalize_hist and pyvips' hist_equal round and scale otherwise: they are no variants.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from labkit.core import variant
from labkit.stages.equalise import table


@variant("equalise", kind="library")
def opencv(image: np.ndarray) -> np.ndarray:
    """cv2.equalizeHist."""
    return cv2.equalizeHist(image)


def counted(image: np.ndarray) -> np.ndarray:
    """What each level becomes, by cv2.calcHist, which counts a single row quickest."""
    return table(cv2.calcHist([image.reshape(1, -1)], [0], None, [256], [0, 256])[:, 0].astype(np.int64))


@variant("equalise", kind="library")
def opencv_hist(image: np.ndarray) -> np.ndarray:
    """cv2.calcHist, then cv2.LUT."""
    return cv2.LUT(image, counted(image))


@variant("equalise", kind="library", requires=("stringzilla",))
def stringzilla(image: np.ndarray) -> np.ndarray:
    """cv2.calcHist, then stringzilla's translate: a look-up in registers."""
    from stringzilla import translate

    made = np.empty_like(image)
    pixels, levels, out = (memoryview(one.reshape(-1)) for one in (image, counted(image), made))  # type: ignore[arg-type]
    translate(pixels, levels, out=out)
    return made


@variant("equalise", kind="library", requires=("kornia_rs",))
def kornia(image: np.ndarray) -> np.ndarray:
    """kornia-rs' equalize_hist."""
    import kornia_rs

    made: Any = kornia_rs.imgproc.equalize_hist(image[..., None])
    return made[..., 0]
