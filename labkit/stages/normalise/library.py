"""The libraries that make planes. kornia-rs 0.2 and Pillow have no call that gives planes of float32."""

from __future__ import annotations

import numpy as np

from labkit.core import variant
from labkit.kinds import planes


@variant("normalise", kind="library")
def opencv(image: np.ndarray, to: str = "mean_std") -> np.ndarray:
    """cv2.split, then a cv2.LUT of float32 for each plane, straight into its place."""
    return planes.by_tables(image, to)


@variant("normalise", kind="library")
def opencv_blob(image: np.ndarray, to: str = "mean_std") -> np.ndarray:
    """cv2.dnn.blobFromImage makes the planes, and each is scaled and shifted in place."""
    return planes.by_blob(image, to)


@variant("normalise", kind="library", requires=("torch",))
def torch_cpu(image: np.ndarray, to: str = "mean_std") -> np.ndarray:
    """torch on the CPU: planes of float32, then in place as torchvision's Normalize does."""
    import torch

    scale, shift = (torch.from_numpy(one)[:, None, None] for one in planes.scale_and_shift(to))
    values = torch.from_numpy(image).permute(2, 0, 1).flip(0).to(torch.float32, memory_format=torch.contiguous_format)
    made: np.ndarray = values.mul_(scale).add_(shift).contiguous().numpy()
    return made
