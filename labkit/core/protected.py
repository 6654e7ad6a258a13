"""Inputs in memory that can be read alone: whoever writes there, even to put it right again, is ended by the machine.

A read-only flag would not do: a library may refuse such an array though it only reads it (a Cython memoryview that is not
const), Numba compiles anew for it, and C++ does not ask.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from labkit.core.parts import mapped

PAGE = mmap.PAGESIZE
WRITES = "writes into its input and puts it right again: another thread that reads it meanwhile finds something else"


@contextmanager
def protected(inputs: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The inputs with every array copied to such memory, flagged writeable as ever. A page on each side can be read as well.

    A write ends the process with SIGSEGV (SIGBUS on a Mac).
    """
    rooms: list[mmap.mmap] = []

    def moved(leaf: Any) -> Any:
        if not isinstance(leaf, np.ndarray) or not leaf.nbytes or leaf.dtype.hasobject:
            return leaf
        plain = leaf.copy(order="K")
        room = mmap.mmap(-1, -(-plain.nbytes // PAGE) * PAGE + 2 * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        rooms.append(room)
        there = np.ndarray(plain.shape, plain.dtype, buffer=room, offset=PAGE, strides=plain.strides)
        np.copyto(there, plain)
        return there

    there = tuple(mapped(value, moved) for value in inputs)
    for room in rooms:
        _allow(room, mmap.PROT_READ)
    try:
        yield there
    finally:
        for room in rooms:
            _allow(room, mmap.PROT_READ | mmap.PROT_WRITE)


def _allow(room: mmap.mmap, access: int) -> None:
    start = ctypes.addressof(ctypes.c_char.from_buffer(room))
    if ctypes.CDLL(None, use_errno=True).mprotect(ctypes.c_void_p(start), ctypes.c_size_t(len(room)), access):
        raise OSError(ctypes.get_errno(), "mprotect")
