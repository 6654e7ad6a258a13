"""The files that ``decode`` and the pipelines read: the images of ``main_colors``, encoded once into the data folder.

The PNGs are written at zlib level 6, as most tools do (level 9 makes the logo 1 % and the photograph 6 % smaller and
takes up to eight times as long; both are decoded at the same speed). The JPEGs have quality 90 and colour at half the
resolution (4:2:0). Which bytes come out depends on the zlib and libjpeg-turbo of OpenCV; the images in the PNGs do not.
Each file has a twin, its negative: as large an image, but every colour another.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from labkit.core import Workload, data_file

PNG_LEVEL, JPEG_QUALITY = 6, 90
SOURCES = {"logo.png": "logo", "photo.png": "photo", "photo.jpg": "photo", "4k.jpg": "mosaic"}


def source(name: str) -> np.ndarray:
    """The image that the file ``name`` holds: uint8 (h, w, 4) BGRA for a PNG, (h, w, 3) BGR for a JPEG."""
    # Imported when asked: importing a stage must not bring another stage into being.
    from labkit.stages.main_colors import workloads

    image = getattr(workloads, SOURCES[name])()
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


def _workload(name: str, file: str, summary: str, *reduce: int) -> Workload:
    def inputs(which: int) -> tuple[Any, ...]:
        pair = same_length(image_file(file).read_bytes(), twin_file(file).read_bytes())
        return (pair[which], *reduce)

    return Workload(name, lambda: inputs(0), summary, other=lambda: inputs(1))


ALL = [
    _workload("logo_png", "logo.png", "flat shapes and lettering, 1254×958 RGBA PNG"),
    _workload("photo_png", "photo.png", "a photograph, 1411×1411 RGBA PNG"),
    _workload("photo_jpeg", "photo.jpg", "the same photograph, JPEG of quality 90, 4:2:0"),
    _workload("4k_jpeg", "4k.jpg", "photographs side by side, 3840×2160 JPEG of quality 90, 4:2:0"),
    _workload("4k_jpeg_reduced", "4k.jpg", "the same file, decoded to 960×540", 4),
]


def edge_cases() -> dict[str, tuple[Any, ...]]:
    """Every sort of file that the contract takes, small and of odd sides."""
    rng = np.random.default_rng(20230615)
    noise = rng.integers(0, 256, (67, 131, 4), np.uint8)
    gray, bgr = noise[..., 0].copy(), noise[..., :3].copy()
    smooth = cv2.resize(bgr[:5, :7], (131, 67), interpolation=cv2.INTER_CUBIC)
    progressive = (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    full_color = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
    files = {
        "gray_png": encoded(gray, ".png"),
        "bgr_png": encoded(bgr, ".png"),
        "bgra_png": encoded(noise, ".png"),
        "one_pixel_png": encoded(noise[:1, :1], ".png"),
        "one_row_png": encoded(noise[:1], ".png"),
        "gray_jpeg": encoded(gray, ".jpg"),
        "noise_jpeg": encoded(bgr, ".jpg"),
        "smooth_jpeg": encoded(smooth, ".jpg"),
        "progressive_jpeg": encoded(smooth, ".jpg", *progressive),
        "full_color_jpeg": encoded(smooth, ".jpg", *full_color),
        "one_pixel_jpeg": encoded(bgr[:1, :1], ".jpg"),
    }
    cases: dict[str, tuple[Any, ...]] = {name: (same_length(content)[0],) for name, content in files.items()}
    cases["padded_png"] = (same_length(files["bgra_png"], bytes(len(files["bgra_png"]) + 999))[0],)
    cases["padded_jpeg"] = (same_length(files["smooth_jpeg"], bytes(len(files["smooth_jpeg"]) + 999))[0],)
    for reduce in (2, 4, 8):
        cases[f"gray_jpeg_by_{reduce}"] = (*cases["gray_jpeg"], reduce)
        cases[f"smooth_jpeg_by_{reduce}"] = (*cases["smooth_jpeg"], reduce)
        cases[f"one_pixel_jpeg_by_{reduce}"] = (*cases["one_pixel_jpeg"], reduce)
    return cases
