"""A function of tensors on a torch device: the way there, the work between two events, the way back.

What goes in and out travels within the call, because that is what a pipeline pays; the device's own events tell what the work
alone took.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from labkit.core.device import no_device
from labkit.core.registry import registry, variant
from labkit.kinds.call import Face

Kernel = Callable[..., Any]


def gpu(stage: str, name: str, *, requires: tuple[str, ...] = (), **more: Any) -> Callable[[Kernel], Kernel]:
    """Decorator: a function of tensors becomes a variant of the kind ``gpu`` of a stage; more arguments are OnDevice's.

    Raises UsageError for an unknown stage.
    """

    def decorate(function: Kernel) -> Kernel:
        @contextmanager
        def arm() -> Iterator[OnDevice]:
            yield OnDevice(function, **more)

        Face.of(name, function, registry.stage(stage)).put_on(arm)
        variant(stage, "gpu", name, arm=True, requires=("torch", *requires), missing=no_device)(arm)
        return function

    return decorate


class OnDevice:
    """``function(*inputs)`` with arrays as tensors on a device; ``"cpu"`` proves agreement where there is no GPU.

    ``prepare(*inputs)`` gives what travels there, where that is not the inputs as they are; ``finish(array, *inputs)`` makes
    the answer of the array that comes back. ``device_seconds`` is the last call's time between the device's events, without
    the transfers; NaN on a CPU.
    """

    def __init__(
        self,
        function: Kernel,
        device: str = "cuda",
        prepare: Callable[..., tuple[Any, ...]] | None = None,
        finish: Callable[..., Any] | None = None,
    ) -> None:
        import torch

        self._function, self._device, self._prepare, self._finish = function, device, prepare, finish
        self._events = [torch.cuda.Event(enable_timing=True) for _ in range(2)] if device == "cuda" else []
        self.device_seconds = float("nan")

    def __call__(self, *inputs: Any) -> Any:
        given = [self._there(one) for one in (self._prepare(*inputs) if self._prepare else inputs)]
        if self._events:
            self._events[0].record()
        found = self._function(*given).contiguous()
        if self._events:
            self._events[1].record()
        array = found.cpu().numpy()
        answer = self._finish(array, *inputs) if self._finish else array
        if self._events:
            self._events[1].synchronize()
            self.device_seconds = self._events[0].elapsed_time(self._events[1]) * 1e-3
        return answer

    def _there(self, value: Any) -> Any:
        if not isinstance(value, np.ndarray):
            return value
        import torch

        writable = value if value.flags.writeable else value.copy()  # torch has no read-only tensors and warns
        return torch.from_numpy(writable).to(self._device)
