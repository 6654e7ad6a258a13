"""The limit: how long this machine takes merely to move the bytes that a stage must read and write.

A plain copy of ``floor_bytes / 2`` bytes reads half of the floor and writes the other half, so its traffic is the
floor. It is timed as one more arm of the same launches, at its best: its bytes lie in the caches as far as they fit there,
and as many of the allowed threads copy as do it soonest (to wake one takes 5 µs on one machine and 100 on another, in which one
core copies up to 3 MB).
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median

import numpy as np

LIMIT = "limit"
BYTES_A_SECOND, HAND_OVER_S = 1e10, 2e-5  # of the order of one core's copying, and of waking a thread
LARGE = 16 << 20  # bytes; to copy them takes one core so long that waking threads is nothing beside it
TRIES = 5

try:
    stream_copy = importlib.import_module("labkit.measure.stream_copy")
except ImportError:  # no compiler at install time: NumPy's copy in threads does the same, with a dearer hand-over
    stream_copy = None  # type: ignore[assignment]


def limit_cost(floor_bytes: int) -> float:
    """A guess at its seconds a call, to lay out a table by, before it is timed."""
    return HAND_OVER_S + floor_bytes / BYTES_A_SECOND


@contextmanager
def open_limit(floor_bytes: int, threads: int) -> Iterator[Callable[..., None]]:
    """An arm that copies ``floor_bytes / 2`` bytes (at least one) with up to ``threads`` threads, whatever it is called with."""
    size = max(1, floor_bytes // 2)
    source = np.ones(size, np.uint8)
    target = np.zeros(size, np.uint8)
    with ThreadPoolExecutor(threads) as pool:

        def copy(threads: int) -> None:
            if stream_copy is not None:
                stream_copy.copy(target, source, threads)
            elif threads == 1:
                np.copyto(target, source)
            else:
                parts = zip(np.array_split(target, threads), np.array_split(source, threads), strict=True)
                for done in [pool.submit(np.copyto, *part) for part in parts]:
                    done.result()

        best = threads if size > LARGE else _soonest(copy, threads)
        yield lambda *inputs: copy(best)


def _soonest(copy: Callable[[int], None], threads: int) -> int:
    """How many threads, of 1, 2, 4, ... and all, copy soonest: tried in turn."""
    counts = sorted({*(1 << power for power in range(threads.bit_length())), threads})
    seconds: dict[int, list[float]] = {count: [] for count in counts}
    for _ in range(1 + TRIES):
        for count in counts:
            begin = time.perf_counter()
            copy(count)
            seconds[count].append(time.perf_counter() - begin)
    return min(counts, key=lambda count: median(seconds[count][1:]))  # the first starts threads, and touches the memory
