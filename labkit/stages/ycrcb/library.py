"""The libraries that round so: Pillow and zignal weigh red and blue themselves, as JPEG does, and differ by 1 in many pixels."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from labkit.core import variant


@variant("ycrcb", kind="library")
def opencv(image: np.ndarray) -> np.ndarray:
    """cv2.cvtColor."""
    return cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb)


@variant("ycrcb", kind="library", requires=("kornia_rs",))
def kornia(image: np.ndarray) -> np.ndarray:
    """kornia-rs' conversion, of red, green and blue: their order is turned before."""
    import kornia_rs

    made: Any = kornia_rs.imgproc.ycbcr_from_rgb(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    return made
