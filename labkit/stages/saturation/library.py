"""The libraries that blend a picture with its grey. Those that scale the saturation of HSV (kornia's adjust_saturation,
TensorFlow's) compute something else: the brightest channel stays as it is.
"""

from __future__ import annotations

import cv2
import numpy as np

from labkit.core import variant


@variant("saturation", kind="library")
def opencv(image: np.ndarray, factor: float = 1.5) -> np.ndarray:
    """cv2.addWeighted of the picture and its grey."""
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return cv2.addWeighted(image, factor, grey, 1 - factor, 0, dst=grey)


GREY = np.tile([[0.114, 0.587, 0.299]], (3, 1))


@variant("saturation", kind="library")
def opencv_transform(image: np.ndarray, factor: float = 1.5) -> np.ndarray:
    """cv2.transform: grey is linear, so the whole is one matrix."""
    return cv2.transform(image, factor * np.eye(3) + (1 - factor) * GREY)


@variant("saturation", kind="library")
def pillow(image: np.ndarray, factor: float = 1.5) -> np.ndarray:
    """Pillow's ImageEnhance.Color."""
    from PIL import Image, ImageEnhance

    picture = Image.fromarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    return cv2.cvtColor(np.asarray(ImageEnhance.Color(picture).enhance(factor)), cv2.COLOR_RGB2BGR)


@variant("saturation", kind="library", requires=("pyvips",))
def vips(image: np.ndarray, factor: float = 1.5) -> np.ndarray:
    """pyvips' recomb, by the same matrix, in floats."""
    import pyvips

    matrix = (factor * np.eye(3) + (1 - factor) * GREY).tolist()
    made: np.ndarray = pyvips.Image.new_from_array(image).recomb(matrix).rint().cast("uchar").numpy()
    return made
