"""A function of arrays on a torch device: the way there, the work between two events, the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def on_device(array: np.ndarray, device: str) -> Any:
    """The array as a tensor on a torch device; ``"cpu"`` proves agreement where there is no GPU."""
    import torch

    writable = array if array.flags.writeable else array.copy()  # torch has no read-only tensors and warns
    return torch.from_numpy(writable).to(device)


class OnDevice:
    """``function(*inputs)`` with arrays as tensors on a device; what comes back is NumPy's.

    ``device_seconds`` is the last call's time between the device's own events, without the transfers; NaN on a CPU.
    """

    def __init__(self, function: Callable[..., Any], device: str = "cuda") -> None:
        import torch

        self._function, self._device = function, device
        self._events = [torch.cuda.Event(enable_timing=True) for _ in range(2)] if device == "cuda" else []
        self.device_seconds = float("nan")

    def __call__(self, *inputs: Any) -> Any:
        given = [on_device(one, self._device) if isinstance(one, np.ndarray) else one for one in inputs]
        if not self._events:
            return self._function(*given).contiguous().numpy()
        self._events[0].record()
        found = self._function(*given).contiguous()
        self._events[1].record()
        back = found.cpu().numpy()
        self._events[1].synchronize()
        self.device_seconds = self._events[0].elapsed_time(self._events[1]) * 1e-3
        return back
