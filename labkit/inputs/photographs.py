"""Photographs, none of them enlarged.

They are those of ``skimage.data``: ``retina`` (Mikael Häggström, CC0), ``astronaut``, ``rocket`` and ``hubble_deep_field``
(NASA/SpaceX, public domain or CC0), ``coffee`` (Rachel Michetti, CC0) and ``chelsea`` (Stéfan van der Walt, CC0). Their files
are read out of the package, which isn't imported: with SciPy it would take a second in each process that makes inputs.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from labkit.core.draws import generator

FILES = ("retina.jpg", "hubble_deep_field.jpg", "astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg")


def _read(file: str) -> np.ndarray:
    """A picture of ``skimage.data``, uint8 (h, w, 3) BGR."""
    package = find_spec("skimage")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("no scikit-image, whose photographs are measured on: pip install scikit-image")
    path = Path(package.origin).parent / "data" / file
    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"{path}: not a picture; install scikit-image again")
    return picture


def photo() -> np.ndarray:
    """A photograph of a retina, uint8 (1411, 1411, 4) BGRA; alpha 0 outside its round aperture."""
    bgr = _read("retina.jpg")
    bright = cv2.medianBlur(np.ascontiguousarray(bgr[..., 2]), 9) > 24
    return np.dstack([bgr, np.where(bright, 255, 0).astype(np.uint8)])


def cat() -> np.ndarray:
    """A cat: uint8 (256, 256, 3) BGR."""
    return np.ascontiguousarray(_read("chelsea.png")[:256, 100:356])


def portrait() -> np.ndarray:
    """A portrait: uint8 (512, 512, 3) BGR."""
    return _read("astronaut.png")


def mosaic() -> np.ndarray:
    """Photographs in four columns, repeated and cut but never enlarged: uint8 (2160, 3840, 4) BGRA, opaque."""
    pictures = [_read(file) for file in FILES]
    sheet = np.full((2160, 3840, 4), 255, np.uint8)
    k = 0
    for x in range(0, 3840, 960):
        y = 0
        while y < 2160:
            picture = pictures[k % len(pictures)]
            across = np.tile(picture, (1, -(-960 // picture.shape[1]), 1))[: 2160 - y, :960]
            sheet[y : y + len(across), x : x + 960, :3] = across
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
