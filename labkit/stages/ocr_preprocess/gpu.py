"""The same on a graphics card: PyTorch, and once with kornia's median.

The 256 counts travel to the host within the call, and the threshold is found by its arithmetic: another order of operations
would cut elsewhere where two levels are equally good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.kinds import gpu
from labkit.kinds.otsu import threshold
from labkit.stages.ocr_preprocess import BLUE, GREEN, RED, SHIFT

if TYPE_CHECKING:
    import torch


@gpu("ocr_preprocess", "torch_slices")
def torch_slices(pixels: torch.Tensor) -> torch.Tensor:
    """Integer arithmetic, torch.bincount and sums of shifted slices on the CUDA device, transfers included."""
    return majority(black_and_white(pixels))


@gpu("ocr_preprocess", "kornia_median", requires=("kornia",))
def kornia_median(pixels: torch.Tensor) -> torch.Tensor:
    """The same with kornia.filters.median_blur, which sorts nine floats a pixel."""
    return median(black_and_white(pixels))


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
