"""The same on a graphics card: PyTorch sorts the pixels, and only the n winners come back.

One sort of packed int32 colours is what a GPU does best; a hash table would need atomic operations on shared memory. The
pixels travel to the card and the result back within the call, because that is what a pipeline pays; the device's own
events tell what the work alone took.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from labkit.core import variant
from labkit.core.device import no_device
from labkit.stages.main_colors import MainColors, panel_of

if TYPE_CHECKING:
    import torch


class TorchSort:
    """The callable: ``device_seconds`` is the last call's time between the device's events, without the transfers."""

    def __init__(self) -> None:
        import torch

        self._synchronize = torch.cuda.synchronize
        self._events = [torch.cuda.Event(enable_timing=True) for _ in range(2)]
        self.device_seconds = float("nan")

    def __call__(self, image: np.ndarray, n: int = 6) -> MainColors:
        pixels = on_device(image, "cuda")
        self._events[0].record()
        keys = winning_keys(pixels, n)
        self._events[1].record()
        colors = unpacked(keys)
        self._synchronize()
        self.device_seconds = self._events[0].elapsed_time(self._events[1]) * 1e-3
        return colors


@variant("main_colors", kind="gpu", arm=True, requires=("torch",), missing=no_device)
@contextmanager
def torch_sort() -> Iterator[TorchSort]:
    """torch.sort and unique_consecutive on the CUDA device, transfers included."""
    yield TorchSort()


def on_device(image: np.ndarray, device: str) -> torch.Tensor:
    """The pixels of a BGRA image as int32 on a torch device; ``"cpu"`` proves agreement where there is no GPU."""
    import torch

    return torch.from_numpy(image.reshape(-1).view(np.int32)).to(device)


def winning_keys(pixels: torch.Tensor, n: int) -> torch.Tensor:
    """At most n keys, best first: ``count << 24 | (0xFFFFFF - colour)`` orders by count, then by colour.

    Counts stay below 2**39, colours below 2**24.
    """
    import torch

    pixels = pixels[(pixels >> 24) != 0]
    packed = (pixels & 255) << 16 | (pixels & 0xFF00) | (pixels >> 16 & 255)
    values, counts = torch.unique_consecutive(torch.sort(packed).values, return_counts=True)
    keys = counts << 24 | (0xFFFFFF - values)
    return torch.topk(keys, min(n, len(keys))).values


def unpacked(keys: torch.Tensor) -> MainColors:
    """Bring the winning keys back and read colours and counts out of them."""
    best = keys.cpu().numpy()
    chosen = 0xFFFFFF - (best & 0xFFFFFF)
    colors = np.stack([chosen >> 16, chosen >> 8 & 255, chosen & 255], axis=1).astype(np.uint8)
    return MainColors(colors, best >> 24, panel_of(colors))
