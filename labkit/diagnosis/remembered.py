"""Does an arm answer from memory what it has seen before? The gate sees the coarse ways; this one sees a look-up by content."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from labkit.core.parts import arrays, copied

TRIES = 4
SHORTEST_S = 1e-4
CLEARLY_FASTER = 5.0
LARGEST = 64 << 20  # bytes of inputs: eight of them are held


@dataclass(frozen=True)
class Remembered:
    """Seconds of a call on new content, and on an equal copy of it: in the try where they were most alike."""

    new_s: float
    again_s: float


def remembered(call: Callable[..., Any], inputs: tuple[Any, ...]) -> Remembered | None:
    """New content is passed twice, in buffers of its own: None unless the second call is much faster in each of four tries.

    All buffers are made beforehand, so that both calls find the same free memory. None too for inputs that are huge, or whose
    bytes can't be changed at will, as those of a file format.
    """
    if sum(array.nbytes for _, array in arrays(inputs)) > LARGEST:
        return None
    fresh = [_other_content(inputs, number) for number in range(1, TRIES + 1)]
    tries = []
    try:
        call(*inputs)
        for new, again in [(content, copied(content)) for content in fresh]:
            tries.append(Remembered(_seconds(call, new), _seconds(call, again)))
            if tries[-1].new_s < max(SHORTEST_S, CLEARLY_FASTER * tries[-1].again_s):
                return None
    except Exception:
        return None
    return min(tries, key=lambda one: one.new_s / one.again_s)


def _other_content(inputs: tuple[Any, ...], number: int) -> tuple[Any, ...]:
    """The inputs with every uint8 value changed, another way for each number."""
    fresh = copied(inputs)
    for _, array in arrays(fresh):
        if array.dtype == np.uint8:
            array ^= np.uint8(number)
    return fresh


def _seconds(call: Callable[..., Any], content: tuple[Any, ...]) -> float:
    start = time.perf_counter()
    call(*content)
    return time.perf_counter() - start
