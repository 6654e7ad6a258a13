"""The photograph of the page: albumentations 2.0.8, every image from its own seed.

A pipeline draws from generators that it keeps. Unseeded, or forked, each worker's would give the same sequence to
another share of the images; so the pipeline is seeded anew for each image, and what it drew before has no say. A
pipeline is not for two threads at once: each thread has its own.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import cv2
import numpy as np

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # else importing it asks the network for a newer version
_of_thread = threading.local()


def built(seed: int | None = None) -> Any:
    """The transforms as a Compose: quarter turns, perspective, brightness, Gauss noise, a shadow."""
    import albumentations as A  # type: ignore[import-untyped]

    return A.Compose(
        [
            A.RandomRotate90(p=0.5),
            A.Perspective(scale=(0.02, 0.06), keep_size=True, border_mode=cv2.BORDER_CONSTANT, fill=255, p=0.6),
            A.RandomBrightnessContrast(brightness_limit=(-0.15, 0.15), contrast_limit=(0, 0), p=0.5),
            A.GaussNoise(std_range=(0.01, 0.04), mean_range=(0, 0), p=0.4),
            A.RandomShadow(shadow_roi=(0, 0, 1, 1), num_shadows_limit=(1, 2), shadow_intensity_range=(0.2, 0.5), p=0.4),
        ],
        seed=seed,
    )


def kept() -> Any:
    """This thread's Compose, built once."""
    if not hasattr(_of_thread, "compose"):
        _of_thread.compose = built()
    return _of_thread.compose


def photographed(image: np.ndarray, seed: int) -> np.ndarray:
    """The image through this thread's Compose from a seed: uint8 (h, w, 3) or, turned, (w, h, 3), C-contiguous."""
    compose = kept()
    compose.set_random_seed(seed)
    return np.ascontiguousarray(compose(image=image)["image"])
