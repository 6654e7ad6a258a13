"""The same on a graphics card: PyTorch writes the integers down block by block and adds each block up.

It is NumPy's way, not a loop in registers: each integer is written to the card's memory once and read once, so the card's
bandwidth decides. Nothing but the sum travels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.kinds import gpu

if TYPE_CHECKING:
    import torch

BLOCK = 1 << 24  # 128 MiB of int64: few calls, and a small part of any card's memory


@gpu("cumulative_sum", "torch_arange", finish=lambda total, n: int(total))
def torch_arange(n: int) -> torch.Tensor:
    """torch.arange and sum in blocks on the CUDA device."""
    return total_on_device(0, n, "cuda")


def total_on_device(start: int, stop: int, device: str) -> torch.Tensor:
    """The sum of start … stop - 1 as an int64 scalar on a torch device; ``"cpu"`` proves agreement without a GPU."""
    import torch

    total = torch.zeros((), dtype=torch.int64, device=device)
    for first in range(start, stop, BLOCK):
        total += torch.arange(first, min(first + BLOCK, stop), dtype=torch.int64, device=device).sum()
    return total
