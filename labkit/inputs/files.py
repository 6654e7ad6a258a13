"""A drawing and photographs as files, encoded once into the data folder.

The PNGs are written at zlib level 6, as most tools do (level 9 makes the logo 1 % and the photograph 6 % smaller and
takes up to eight times as long; both are decoded at the same speed). The JPEGs have quality 90 and colour at half the
resolution (4:2:0). Which bytes come out depends on the zlib and libjpeg-turbo of OpenCV; the images in the PNGs do not.
Each file has a twin, its negative: as large an image, but every colour another.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from labkit.core.workload import data_file
from labkit.inputs.drawings import logo
from labkit.inputs.photographs import mosaic, photo

PNG_LEVEL, JPEG_QUALITY = 6, 90
SOURCES = {"logo.png": logo, "photo.png": photo, "photo.jpg": photo, "4k.jpg": mosaic}


def source(name: str) -> np.ndarray:
    """The image that the file ``name`` holds: uint8 (h, w, 4) BGRA for a PNG, (h, w, 3) BGR for a JPEG."""
    image = SOURCES[name]()
    return image if name.endswith(".png") else np.ascontiguousarray(image[..., :3])


def encoded(image: np.ndarray, suffix: str, *options: int) -> bytes:
    """An image as a file of its suffix (``.png`` or ``.jpg``), with this module's settings before ``options``."""
    settings = [cv2.IMWRITE_PNG_COMPRESSION, PNG_LEVEL]
    if suffix == ".jpg":
        settings = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        settings += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420]
    return cv2.imencode(suffix, image, [*settings, *options])[1].tobytes()


def negative(image: np.ndarray) -> np.ndarray:
    """Every colour value v becomes 255 - v; alpha stays."""
    turned = 255 - image
    if image.ndim == 3 and image.shape[2] == 4:
        turned[..., 3] = image[..., 3]
    return turned


def image_file(name: str) -> Path:
    """The path of one of SOURCES, written on first use."""
    return data_file(name, lambda: encoded(source(name), Path(name).suffix))


def twin_file(name: str) -> Path:
    """The path of its negative, written on first use."""
    path = Path(name)
    return data_file(f"{path.stem}-negative{path.suffix}", lambda: encoded(negative(source(name)), path.suffix))


def same_length(*contents: bytes) -> list[np.ndarray]:
    """File contents as uint8 arrays of one length: zeros after the end of a file, where no decoder looks."""
    size = max(map(len, contents))
    return [np.frombuffer(content.ljust(size, b"\0"), np.uint8).copy() for content in contents]
