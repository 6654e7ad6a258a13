"""The libraries that move pixels so. kornia-rs and zignal have flips alone, and the latter turns only with interpolation."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from labkit.core import variant
from labkit.stages.flip_rotate import shape_of

FLIPS = {"left_right": 1, "upside_down": 0, "half_turn": -1}
TURNS = {"clockwise": cv2.ROTATE_90_CLOCKWISE, "anticlockwise": cv2.ROTATE_90_COUNTERCLOCKWISE}


@variant("flip_rotate", kind="library")
def opencv(image: np.ndarray, way: str = "clockwise") -> np.ndarray:
    """cv2.flip, cv2.rotate, cv2.transpose."""
    if way in FLIPS:
        return cv2.flip(image, FLIPS[way])
    return cv2.rotate(image, TURNS[way]) if way in TURNS else cv2.transpose(image)


METHODS = {
    "left_right": Image.Transpose.FLIP_LEFT_RIGHT,
    "upside_down": Image.Transpose.FLIP_TOP_BOTTOM,
    "half_turn": Image.Transpose.ROTATE_180,
    "clockwise": Image.Transpose.ROTATE_270,
    "anticlockwise": Image.Transpose.ROTATE_90,
    "transpose": Image.Transpose.TRANSPOSE,
}


@variant("flip_rotate", kind="library")
def pillow(image: np.ndarray, way: str = "clockwise") -> np.ndarray:
    """Pillow's transpose; a picture of colours is copied to four bytes a pixel and back."""
    return np.array(Image.fromarray(image).transpose(METHODS[way]))


@variant("flip_rotate", kind="library", requires=("pyvips",))
def vips(image: np.ndarray, way: str = "clockwise") -> np.ndarray:
    """pyvips' flip and rot; rows and columns are swapped by a turn and a flip."""
    import pyvips

    picture = pyvips.Image.new_from_array(image)
    if way in ("left_right", "upside_down"):
        picture = picture.flip("horizontal" if way == "left_right" else "vertical")
    elif way == "transpose":
        picture = picture.rot("d90").flip("horizontal")
    else:
        picture = picture.rot({"half_turn": "d180", "clockwise": "d90", "anticlockwise": "d270"}[way])
    made: np.ndarray = picture.numpy().reshape(shape_of(image, way))
    return made
