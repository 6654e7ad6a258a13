"""Run each compiled variant on inputs that end where memory begins that must not be touched, and the other way round.

``python -m tests.conformance.guarded`` prints a variant's name before it is tried: after a crash the last one is the culprit.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

import numpy as np

from labkit.core.parts import arrays
from tests.conformance.trials import (
    COMPILED,
    difference,
    each_array,
    edge_cases,
    given,
    missing,
    opening,
    some_cases,
    variants,
)

LIBC = ctypes.CDLL(None, use_errno=True)
LARGEST = 1 << 18  # bytes of an edge case
ROOMS: dict[tuple[int, int], mmap.mmap] = {}


def room(pages: int, side: int) -> mmap.mmap:
    """So many pages between two that can't be read: a room for each array of an input, used again."""
    if (pages, side) not in ROOMS:
        made = mmap.mmap(-1, (pages + 2) * mmap.PAGESIZE)
        start = ctypes.addressof(ctypes.c_char.from_buffer(made))
        for wall in (start, start + (pages + 1) * mmap.PAGESIZE):
            assert LIBC.mprotect(ctypes.c_void_p(wall), mmap.PAGESIZE, 0) == 0
        ROOMS[pages, side] = made
    return ROOMS[pages, side]


def walled(value: Any, at_the_end: bool) -> Any:
    """The inputs with every array moved to the end, or to the beginning, of a room of its own."""
    sides = iter(range(1000))

    def moved(array: np.ndarray) -> np.ndarray:
        pages = -(-array.nbytes // mmap.PAGESIZE) or 1
        offset = (pages + 1) * mmap.PAGESIZE - array.nbytes if at_the_end else mmap.PAGESIZE
        made = np.frombuffer(room(pages, next(sides)), array.dtype, array.size, offset).reshape(array.shape)
        made[...] = array
        return made

    return each_array(moved, value)


def try_all(some: Iterable[Any]) -> None:
    """Each of these variants on all of its stage's small cases, and on some that are drawn, at both ends of their rooms."""
    with ExitStack() as stack:
        opened = opening(stack)
        for stage, name in (one.values for one in some):
            if missing(stage, name) is not None:
                continue
            print(f"{stage}/{name}", flush=True)
            small = [
                case for case in edge_cases(stage) if sum(a.nbytes for _, a in arrays(given(stage, case))) < LARGEST
            ]
            for case in [*small, *some_cases(stage, 10)]:
                for at_the_end in (True, False):
                    said = difference(stage, case, opened(stage, name), walled(given(stage, case), at_the_end))
                    assert said is None, said


if __name__ == "__main__":
    try_all(variants(*COMPILED, many=False))
    print("unharmed")
