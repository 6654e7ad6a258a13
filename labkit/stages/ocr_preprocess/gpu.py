"""The same on a graphics card: PyTorch, and once with kornia's median.

The picture travels to the card and back within the call, because that is what a pipeline pays; so do the 256 counts, and
the threshold is found by the host's arithmetic: another order of operations would cut elsewhere where two levels are
equally good. The device's own events tell what the work took without the two transfers of the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from labkit.core import variant
from labkit.core.device import no_device
from labkit.stages.ocr_preprocess import BLUE, GREEN, RED, SHIFT
from labkit.stages.ocr_preprocess.otsu import threshold

if TYPE_CHECKING:
    import torch


class OnDevice:
    """The callable: ``device_seconds`` is the last call's time between the device's events, without the transfers."""

    def __init__(self, denoise: Callable[[torch.Tensor], torch.Tensor]) -> None:
        import torch

        self._denoise = denoise
        self._synchronize = torch.cuda.synchronize
        self._events = [torch.cuda.Event(enable_timing=True) for _ in range(2)]
        self.device_seconds = float("nan")

    def __call__(self, image: np.ndarray) -> np.ndarray:
        pixels = on_device(image, "cuda")
        self._events[0].record()
        result = self._denoise(black_and_white(pixels))
        self._events[1].record()
        found = result.cpu().numpy()
        self._synchronize()
        self.device_seconds = self._events[0].elapsed_time(self._events[1]) * 1e-3
        return found


@variant("ocr_preprocess", kind="gpu", arm=True, requires=("torch",), missing=no_device)
@contextmanager
def torch_slices() -> Iterator[OnDevice]:
    """Integer arithmetic, torch.bincount and sums of shifted slices on the CUDA device, transfers included."""
    yield OnDevice(majority)


@variant("ocr_preprocess", kind="gpu", arm=True, requires=("torch", "kornia"), missing=no_device)
@contextmanager
def kornia_median() -> Iterator[OnDevice]:
    """The same with kornia.filters.median_blur, which sorts nine floats a pixel."""
    yield OnDevice(median)


def on_device(image: np.ndarray, device: str) -> torch.Tensor:
    """The pixels as uint8 (h, w, 3) on a torch device; ``"cpu"`` proves agreement where there is no GPU."""
    import torch

    writable = image if image.flags.writeable else image.copy()  # torch has no read-only tensors and warns
    return torch.from_numpy(writable).to(device)


def black_and_white(pixels: torch.Tensor) -> torch.Tensor:
    """Grey, counts and Otsu's threshold: uint8 (h, w), 0 or 1."""
    import torch

    blue, green, red = pixels.to(torch.int32).unbind(2)
    grey = (blue * BLUE + green * GREEN + red * RED + (1 << (SHIFT - 1))) >> SHIFT
    histogram = torch.bincount(grey.reshape(-1), minlength=256)
    return (grey > threshold(histogram.tolist())).to(torch.uint8)


def _framed(white: torch.Tensor) -> torch.Tensor:
    """The picture with its border repeated once: (h + 2, w + 2)."""
    import torch

    tall = torch.cat([white[:1], white, white[-1:]])
    return torch.cat([tall[:, :1], tall, tall[:, -1:]], dim=1)


def majority(white: torch.Tensor) -> torch.Tensor:
    """255 where at least five of nine are 1, else 0: uint8 (h, w)."""
    framed = _framed(white)
    columns = framed[:-2] + framed[1:-1] + framed[2:]
    total = columns[:, :-2] + columns[:, 1:-1] + columns[:, 2:]
    return (total >= 5).to(white.dtype) * 255


def median(white: torch.Tensor) -> torch.Tensor:
    """The median of nine by kornia, which takes what is outside for 0: so it gets the border repeated, and loses it again."""
    import kornia
    import torch

    blurred = kornia.filters.median_blur(_framed(white).to(torch.float32)[None, None], (3, 3))
    return blurred[0, 0, 1:-1, 1:-1].to(torch.uint8) * 255
