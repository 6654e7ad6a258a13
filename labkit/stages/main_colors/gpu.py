"""The same on a graphics card: PyTorch sorts the pixels, and only the n winners come back.

One sort of packed int32 colours is what a GPU does best; a hash table would need atomic operations on shared memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from labkit.kinds import gpu
from labkit.stages.main_colors import MainColors, panel_of

if TYPE_CHECKING:
    import torch


def packed(image: np.ndarray, n: int = 6) -> tuple[Any, ...]:
    """The pixels of a BGRA image as int32, and n."""
    return image.reshape(-1).view(np.int32), n


def unpacked(keys: np.ndarray, *inputs: Any) -> MainColors:
    """Read colours and counts out of the winning keys."""
    chosen = 0xFFFFFF - (keys & 0xFFFFFF)
    colors = np.stack([chosen >> 16, chosen >> 8 & 255, chosen & 255], axis=1).astype(np.uint8)
    return MainColors(colors, keys >> 24, panel_of(colors))


@gpu("main_colors", "torch_sort", prepare=packed, finish=unpacked)
def winning_keys(pixels: torch.Tensor, n: int) -> torch.Tensor:
    """torch.sort and unique_consecutive on the CUDA device, transfers included.

    What comes back is at most n keys, best first: ``count << 24 | (0xFFFFFF - colour)`` orders by count, then by colour.

    Counts stay below 2**39, colours below 2**24.
    """
    import torch

    pixels = pixels[(pixels >> 24) != 0]
    packed = (pixels & 255) << 16 | (pixels & 0xFF00) | (pixels >> 16 & 255)
    values, counts = torch.unique_consecutive(torch.sort(packed).values, return_counts=True)
    keys = counts << 24 | (0xFFFFFF - values)
    return torch.topk(keys, min(n, len(keys))).values
