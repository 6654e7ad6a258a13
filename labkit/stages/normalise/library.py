"""The libraries that make planes. kornia-rs 0.2 and Pillow have no call that gives planes of float32."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from labkit.core import variant
from labkit.stages.normalise import scale_and_shift


@cache
def tables(to: str) -> list[np.ndarray]:
    """For red, green and blue the float32 of each of the 256 levels."""
    scale, shift = scale_and_shift(to)
    return list(np.arange(256, dtype=np.float32) * scale[:, None] + shift[:, None])


@variant("normalise", kind="library")
def opencv(image: np.ndarray, to: str = "mean_std") -> np.ndarray:
    """cv2.split, then a cv2.LUT of float32 for each plane, straight into its place."""
    out = np.empty((3, *image.shape[:2]), np.float32)
    for plane, table, place in zip(cv2.split(image)[::-1], tables(to), out, strict=True):
        cv2.LUT(plane, table, place)
    return out


@variant("normalise", kind="library")
def opencv_blob(image: np.ndarray, to: str = "mean_std") -> np.ndarray:
    """cv2.dnn.blobFromImage makes the planes, and each is scaled and shifted in place."""
    out = cv2.dnn.blobFromImage(image, swapRB=True)[0]
    scale, shift = scale_and_shift(to)
    out *= scale[:, None, None]
    if to == "mean_std":
        out += shift[:, None, None]
    return out


@variant("normalise", kind="library", requires=("torch",))
def torch_cpu(image: np.ndarray, to: str = "mean_std") -> np.ndarray:
    """torch on the CPU: planes of float32, then in place as torchvision's Normalize does."""
    import torch

    scale, shift = (torch.from_numpy(one)[:, None, None] for one in scale_and_shift(to))
    planes = torch.from_numpy(image).permute(2, 0, 1).flip(0).to(torch.float32, memory_format=torch.contiguous_format)
    made: np.ndarray = planes.mul_(scale).add_(shift).contiguous().numpy()
    return made
