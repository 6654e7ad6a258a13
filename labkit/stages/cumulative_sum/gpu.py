"""The same on a graphics card: PyTorch writes the integers down block by block and adds each block up.

It is NumPy's way, not a loop in registers: each integer is written to the card's memory once and read once, so the card's
bandwidth decides. Nothing but the sum travels. The device's own events tell what the work alone took.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labkit.core import variant
from labkit.core.device import no_device

if TYPE_CHECKING:
    import torch

BLOCK = 1 << 24  # 128 MiB of int64: few calls, and a small part of any card's memory


class TorchArange:
    """The callable: ``device_seconds`` is the last call's time between the device's events, without the way back."""

    def __init__(self) -> None:
        import torch

        self._events = [torch.cuda.Event(enable_timing=True) for _ in range(2)]
        self.device_seconds = float("nan")

    def __call__(self, n: int) -> int:
        self._events[0].record()
        total = total_on_device(0, n, "cuda")
        self._events[1].record()
        answer = int(total)  # waits for the device
        self._events[1].synchronize()
        self.device_seconds = self._events[0].elapsed_time(self._events[1]) * 1e-3
        return answer


@variant("cumulative_sum", kind="gpu", arm=True, requires=("torch",), missing=no_device)
@contextmanager
def torch_arange() -> Iterator[TorchArange]:
    """torch.arange and sum in blocks on the CUDA device."""
    yield TorchArange()


def total_on_device(start: int, stop: int, device: str) -> torch.Tensor:
    """The sum of start … stop - 1 as an int64 scalar on a torch device; ``"cpu"`` proves agreement without a GPU."""
    import torch

    total = torch.zeros((), dtype=torch.int64, device=device)
    for first in range(start, stop, BLOCK):
        total += torch.arange(first, min(first + BLOCK, stop), dtype=torch.int64, device=device).sum()
    return total
