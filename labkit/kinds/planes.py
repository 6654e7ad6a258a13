"""Planes of float32, scaled and shifted, as networks take them; for the stages that end in them."""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import numpy as np

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's red, green and blue, as torchvision gives them


def scale_and_shift(to: str) -> tuple[np.ndarray, np.ndarray]:
    """Of red, green and blue, each float32 (3,)."""
    if to == "unit":
        return np.full(3, 1 / 255, np.float32), np.zeros(3, np.float32)
    mean, std = np.array(MEAN), np.array(STD)
    return (1 / (255 * std)).astype(np.float32), (-mean / std).astype(np.float32)


def made(xp: Any, image: Any, to: str) -> Any:
    """Red, green and blue of an array (h, w, 3) of blue, green and red."""
    planes = xp.astype(xp.flip(xp.permute_dims(image, (2, 0, 1)), axis=0), xp.float32)
    scale, shift = (xp.asarray(one[:, None, None].tolist(), dtype=xp.float32) for one in scale_and_shift(to))
    if hasattr(image, "device") and not isinstance(image.device, str):
        scale, shift = scale.to(image.device), shift.to(image.device)
    return planes * scale + shift


@cache
def tables(to: str) -> list[np.ndarray]:
    """For red, green and blue the float32 of each of the 256 levels."""
    scale, shift = scale_and_shift(to)
    return list(np.arange(256, dtype=np.float32) * scale[:, None] + shift[:, None])


def by_tables(image: np.ndarray, to: str) -> np.ndarray:
    """cv2.split, then a cv2.LUT of float32 for each plane, straight into its place."""
    out = np.empty((3, *image.shape[:2]), np.float32)
    for plane, table, place in zip(cv2.split(image)[::-1], tables(to), out, strict=True):
        cv2.LUT(plane, table, place)
    return out


def by_blob(image: np.ndarray, to: str) -> np.ndarray:
    """cv2.dnn.blobFromImage, scaled and shifted in place."""
    out = cv2.dnn.blobFromImage(image, swapRB=True)[0]
    scale, shift = scale_and_shift(to)
    out *= scale[:, None, None]
    if to == "mean_std":
        out += shift[:, None, None]
    return out
