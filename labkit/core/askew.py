"""Inputs at addresses that an allocator gives to nobody: NumPy's own begin at multiples of 16, large ones where a page does."""

from __future__ import annotations

from typing import Any

import numpy as np

from labkit.core.parts import copied, mapped

LINE = 64  # bytes of a cache line, and of the widest vector


def askew(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """A copy in which each array begins one element beyond a multiple of 64 bytes, as a slice of another may."""
    return tuple(mapped(value, _moved) for value in copied(inputs))


def _moved(leaf: Any) -> Any:
    if not isinstance(leaf, np.ndarray) or leaf.dtype.kind not in "biufc" or not leaf.nbytes:
        return leaf
    plain = leaf.copy(order="K")
    room = np.empty(plain.nbytes + LINE + plain.itemsize, np.uint8)
    start = -room.ctypes.data % LINE + plain.itemsize
    there = np.ndarray(plain.shape, plain.dtype, buffer=room, offset=start, strides=plain.strides)
    np.copyto(there, plain)
    return there
