"""The gauntlet's kernels as stages of labkit: variants ``rows_500_a``, ``rows_500_b``, … ``rows_510_a``, each on so many rows.

What a kernel computes depends on its rows, so it is not the answer: the answer is one byte of the buffer, which every
variant gives after its work, and the agreement gate is content.
"""

from __future__ import annotations

import mmap
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from string import ascii_lowercase

import numpy as np

import labkit as lk
from tests.gauntlet.kernels import MOST_ROWS, PAGE, PLACED_BYTES, ROW_BYTES, fill, function_of

ROWS = (500, 502, 505, 510, 333, 50)
TENFOLD_ROWS = 5000  # ten times over 500 rows: all of them at once would not stay in a core's own cache


def _buffer(kernel: str) -> tuple[np.ndarray]:
    """uint8 (510, bytes of a row), the bytes that every harness reads."""
    memory = mmap.mmap(-1, MOST_ROWS * ROW_BYTES[kernel])
    fill(memory)
    return (np.frombuffer(memory, np.uint8).reshape(MOST_ROWS, -1),)


def _stage(kernel: str) -> None:
    def contract(buffer: np.ndarray) -> None:
        """The byte in the middle of a uint8 (510, bytes of a row) buffer, after a kernel has read some of its rows."""

    contract.__name__ = f"gauntlet_{kernel}"
    workload = lk.Workload("rows", lambda: _buffer(kernel))
    lk.stage(reference="rows_500_a", workloads=[workload])(contract)
    for rows in ROWS:
        for copy in ascii_lowercase:
            _variant(contract.__name__, kernel, rows, f"rows_{rows}_{copy}")
    if kernel == "chain":
        for copy in ascii_lowercase:
            _variant(contract.__name__, kernel, TENFOLD_ROWS, f"rows_{TENFOLD_ROWS}_{copy}")
        _variant(contract.__name__, "spin", 500, "spin")


def _variant(stage: str, kernel: str, rows: int, name: str) -> None:
    times = 1 if rows <= MOST_ROWS else rows // 500

    def variant(buffer: np.ndarray) -> int:
        for _ in range(times):
            function_of(kernel)(buffer.ctypes.data, rows // times)
        return int(buffer[MOST_ROWS // 2, 0])

    variant.__name__ = name
    lk.variant(stage, kind="native")(variant)


@lk.stage(reference="rows_500_a", workloads=[lk.Workload("rows", lambda: _buffer("chain"))])
def gauntlet_placed(buffer: np.ndarray) -> None:
    """The byte in the middle of a buffer, after it was worked on into memory that begins elsewhere in every launch."""


def _placed(rows: int, name: str) -> None:
    @contextmanager
    def variant() -> Iterator[Callable[[np.ndarray], int]]:
        memory = np.zeros(PLACED_BYTES + PAGE, np.uint8)
        # a launch seeds this generator with its own seed
        target = memory.ctypes.data + 16 * random.randrange(PAGE // 16)

        def call(buffer: np.ndarray) -> int:
            function_of("placed")(buffer.ctypes.data, target, rows)
            return int(buffer[MOST_ROWS // 2, 0])

        yield call
        del memory

    variant.__name__ = name
    lk.variant("gauntlet_placed", kind="native", name=name, arm=True)(variant)


_stage("chain")
_stage("stream")
for rows in ROWS:
    for copy in ascii_lowercase:
        _placed(rows, f"rows_{rows}_{copy}")
