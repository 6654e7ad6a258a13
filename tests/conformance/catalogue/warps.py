"""Pictures laid out anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def flip_rotate(image: np.ndarray, way: str) -> np.ndarray:
    """Pixel by pixel, by where each one goes."""
    height, width = image.shape[:2]
    y, x = np.indices((height, width))
    to_y, to_x = {
        "left_right": (y, width - 1 - x),
        "upside_down": (height - 1 - y, x),
        "half_turn": (height - 1 - y, width - 1 - x),
        "clockwise": (x, height - 1 - y),
        "anticlockwise": (width - 1 - x, y),
        "transpose": (x, y),
    }[way]
    out = np.empty((to_y.max() + 1, to_x.max() + 1, *image.shape[2:]), np.uint8)
    out[to_y, to_x] = image
    return out


ORACLES: dict[str, Callable[..., Any]] = {"flip_rotate": flip_rotate}
