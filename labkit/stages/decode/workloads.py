"""The files that ``decode`` reads: a drawing and photographs, encoded once into the data folder."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from labkit.core import Workload
from labkit.inputs.files import encoded, image_file, same_length, twin_file


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
