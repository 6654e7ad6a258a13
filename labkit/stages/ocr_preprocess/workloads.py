"""The inputs of ``ocr_preprocess``: photographs of three sizes, a badly lit page, noise, and what leads kernels astray."""

from __future__ import annotations

import cv2
import numpy as np

from labkit.core import Workload
from labkit.inputs.pages import lit_page
from labkit.inputs.photographs import cat, portrait, two_side_by_side


def noise() -> np.ndarray:
    """Every pixel drawn by itself: uint8 (512, 512, 3) BGR. Nothing repeats, the worst that can happen to a counter."""
    return np.random.default_rng(1979).integers(0, 256, (512, 512, 3), np.uint8)


ALL = [
    Workload("256", lambda: (cat(),), "a photograph, 256×256"),
    Workload("512", lambda: (portrait(),), "a photograph, 512×512"),
    Workload("1080p", lambda: (two_side_by_side(),), "photographs side by side, 1920×1080"),
    Workload("page", lambda: (lit_page(),), "a page of text, A4 at 300 dots an inch, badly lit and grainy"),
    Workload("noise", lambda: (noise(),), "every pixel drawn by itself, 512×512"),
]


def of_greys(levels: object) -> np.ndarray:
    """An image of grey pixels: uint8 (h, w, 3) of levels (h, w). cv2's weights add up to 2^15: its grey is the level."""
    return np.repeat(np.asarray(levels, np.uint8)[..., None], 3, axis=2)


def edge_cases() -> dict[str, tuple[np.ndarray]]:
    """Small pictures on which a careless kernel goes wrong."""
    draw = np.random.default_rng(5)
    checks = np.indices((9, 70)).sum(axis=0) % 2 * 200
    specks = np.full((40, 200), 255)
    specks[3::7, 2::9] = 0
    specks[::13, ::31] = 0
    specks[[0, 0, -1, -1], [0, -1, 0, -1]] = 0
    cases = {
        "1x1_black": of_greys([[0]]),
        "1x1_white": of_greys([[255]]),
        "1x1_dark": of_greys([[1]]),
        "one_row": draw.integers(0, 256, (1, 131, 3), np.uint8),
        "one_column": draw.integers(0, 256, (131, 1, 3), np.uint8),
        "two_columns": draw.integers(0, 256, (77, 2, 3), np.uint8),
        "2x2": draw.integers(0, 256, (2, 2, 3), np.uint8),
        "one_row_of_64": draw.integers(0, 256, (1, 64, 3), np.uint8),
        "black": of_greys(np.zeros((20, 65))),
        "white": of_greys(np.full((20, 65), 255)),
        "one_level": of_greys(np.full((3, 129), 77)),
        "two_levels": of_greys(np.where(np.arange(64 * 5).reshape(5, 64) % 3, 20, 21)),
        "black_and_white": of_greys(draw.choice([0, 255], (50, 100))),
        "one_bright_pixel": of_greys(np.where(np.arange(1000).reshape(10, 100) == 555, 1, 0)),
        "one_dark_pixel": of_greys(np.where(np.arange(1000).reshape(10, 100) == 0, 254, 255)),
        "checks": of_greys(checks),
        "stripes_down": of_greys(np.tile([9, 9, 201], (12, 43))),
        "stripes_across": of_greys(np.tile([[8], [180]], (6, 67))),
        "specks": of_greys(specks),
        "all_levels_once": of_greys(np.arange(256).reshape(16, 16)),
        "ramp": of_greys(np.arange(0, 256 * 130, 130).reshape(2, 128) // 130),
        "colours": draw.integers(0, 256, (37, 53, 3), np.uint8),
        "pure_blue_green_red": np.eye(3, dtype=np.uint8)[draw.integers(0, 3, (31, 97))] * np.uint8(255),
        "dark_noise": draw.integers(0, 3, (64, 64, 3), np.uint8),
        "blurred": cv2.GaussianBlur(draw.integers(0, 256, (90, 190, 3), np.uint8), (0, 0), 3),
    }
    for width in (63, 65, 127, 128, 129, 191, 193, 511, 513):
        cases[f"width_{width}"] = draw.integers(0, 256, (11, width, 3), np.uint8)
    # equally good thresholds: rounding decides between them
    for k, (level, step, sides, middle) in enumerate(
        [(100, 1, 3, 1), (100, 5, 1, 1), (130, 1, 31, 100), (57, 3, 2, 1)]
    ):
        cases[f"tie_{k}"] = of_greys([[level - step] * sides + [level] * middle + [level + step] * sides])
    return {name: (image,) for name, image in cases.items()}
