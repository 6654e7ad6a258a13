"""The libraries' normal generators, seeded in each call.

Pillow's effect_noise takes no seed, and like pyvips' gaussnoise ten times as long; albumentations' GaussNoise is NumPy's with
more around it.
"""

from __future__ import annotations

import cv2
import numpy as np

from labkit.core import variant


def with_randn(image: np.ndarray, seed: int, sigma: float, dtype: type[np.generic]) -> np.ndarray:
    """The picture and what cv2.randn makes of this dtype, added by cv2.add, which rounds and clips."""
    cv2.setRNGSeed(seed & 0x7FFFFFFF)
    added = np.empty(image.shape, dtype)
    cv2.randn(added.reshape(-1), np.zeros(1), np.array([sigma]))
    return cv2.add(image, added, dtype=cv2.CV_8U)


@variant("noise", kind="library")
def opencv(image: np.ndarray, seed: int, sigma: float = 10.0) -> np.ndarray:
    """cv2.randn in float32."""
    return with_randn(image, seed, sigma, np.float32)


@variant("noise", kind="library")
def opencv_16(image: np.ndarray, seed: int, sigma: float = 10.0) -> np.ndarray:
    """cv2.randn in 16 bits, which it rounds to."""
    return with_randn(image, seed, sigma, np.int16)


@variant("noise", kind="library")
def numpy_generator(image: np.ndarray, seed: int, sigma: float = 10.0) -> np.ndarray:
    """NumPy's quickest generator, SFC64, and its ziggurat in float32."""
    values = np.random.Generator(np.random.SFC64(seed)).standard_normal(image.shape, np.float32)
    values *= np.float32(sigma)
    values += image
    np.rint(values, out=values)
    return np.clip(values, 0, 255, out=values).astype(np.uint8)


@variant("noise", kind="library", requires=("torch",))
def torch_normal(image: np.ndarray, seed: int, sigma: float = 10.0) -> np.ndarray:
    """torch's normal_ on the CPU."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    values = torch.empty(image.shape).normal_(0, sigma, generator=generator).add_(torch.from_numpy(image.copy()))
    made: np.ndarray = values.round_().clamp_(0, 255).to(torch.uint8).numpy()
    return made
