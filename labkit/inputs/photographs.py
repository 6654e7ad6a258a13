"""Photographs, none of them enlarged.

They are those of ``skimage.data``: ``retina`` (Mikael Häggström, CC0), ``astronaut``, ``rocket`` and ``hubble_deep_field``
(NASA/SpaceX, public domain or CC0), ``coffee`` (Rachel Michetti, CC0) and ``chelsea`` (Stéfan van der Walt, CC0).
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from labkit.core.draws import generator


def photo() -> np.ndarray:
    """A photograph of a retina, uint8 (1411, 1411, 4) BGRA; alpha 0 outside its round aperture."""
    from skimage import data

    bgr = data.retina()[..., ::-1]
    bright = cv2.medianBlur(np.ascontiguousarray(bgr[..., 2]), 9) > 24
    return np.dstack([bgr, np.where(bright, 255, 0).astype(np.uint8)])


def cat() -> np.ndarray:
    """A cat: uint8 (256, 256, 3) BGR."""
    from skimage import data

    return np.ascontiguousarray(data.chelsea()[:256, 100:356, ::-1])


def portrait() -> np.ndarray:
    """A portrait: uint8 (512, 512, 3) BGR."""
    from skimage import data

    return np.ascontiguousarray(data.astronaut()[..., ::-1])


def mosaic() -> np.ndarray:
    """Photographs in four columns, repeated and cut but never enlarged: uint8 (2160, 3840, 4) BGRA, opaque."""
    from skimage import data

    pictures = [data.retina(), data.hubble_deep_field(), data.astronaut(), data.coffee(), data.chelsea(), data.rocket()]
    sheet = np.full((2160, 3840, 4), 255, np.uint8)
    k = 0
    for x in range(0, 3840, 960):
        y = 0
        while y < 2160:
            picture = pictures[k % len(pictures)]
            across = np.tile(picture, (1, -(-960 // picture.shape[1]), 1))[: 2160 - y, :960]
            sheet[y : y + len(across), x : x + 960, :3] = across[..., ::-1]
            y, k = y + len(picture), k + 1
    return sheet


def two_side_by_side() -> np.ndarray:
    """Two photographs side by side: uint8 (1080, 1920, 3) BGR."""
    return np.ascontiguousarray(mosaic()[:1080, :1920, :3])


@cache
def _sheet() -> np.ndarray:
    """2160×3840 pixels of photographs side by side, uint8 BGR."""
    return np.ascontiguousarray(mosaic()[..., :3])


def photograph(index: int, height: int, width: int) -> np.ndarray:
    """Cut number ``index`` from photographs: uint8 (height, width, 3) BGR, at most 2160×3840, another place for each index."""
    sheet = _sheet()
    random = generator(2025, index, "photograph")
    y, x = random.integers(sheet.shape[0] - height + 1), random.integers(sheet.shape[1] - width + 1)
    return sheet[y : y + height, x : x + width].copy()
