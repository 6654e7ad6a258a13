"""The limit: how long this machine takes merely to move the bytes that a stage must read and write.

A plain copy of ``floor_bytes / 2`` bytes reads half of the floor and writes the other half, so its traffic is the
floor. It is timed as one more arm of the same launches, with the same number of threads.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np

LIMIT = "limit"
BYTES_A_SECOND, HAND_OVER_S = 1e10, 2e-5  # of the order of one core's copying, and of waking a thread

try:
    stream_copy = importlib.import_module("labkit.measure.stream_copy")
except ImportError:  # no compiler at install time: NumPy's copy in threads does the same, with a dearer hand-over
    stream_copy = None  # type: ignore[assignment]


def limit_cost(floor_bytes: int) -> float:
    """A guess at its seconds a call, to lay out a table by, before it is timed."""
    return HAND_OVER_S + floor_bytes / BYTES_A_SECOND


@contextmanager
def open_limit(floor_bytes: int, threads: int) -> Iterator[Callable[..., None]]:
    """An arm that copies ``floor_bytes / 2`` bytes (at least one) with ``threads`` threads, whatever it is called with."""
    size = max(1, floor_bytes // 2)
    source = np.ones(size, np.uint8)
    target = np.zeros(size, np.uint8)
    if stream_copy is not None:
        yield lambda *inputs: stream_copy.copy(target, source, threads)
        return
    edges = np.linspace(0, size, threads + 1).astype(int)
    parts = [(target[a:b], source[a:b]) for a, b in zip(edges[:-1], edges[1:], strict=True)]
    with ThreadPoolExecutor(threads) as pool:

        def copy(*inputs: object) -> None:
            for done in [pool.submit(np.copyto, *part) for part in parts]:
                done.result()

        yield copy
