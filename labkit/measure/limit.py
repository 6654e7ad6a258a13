"""The limit: how long this machine takes merely to move the bytes that a stage must read and write.

A plain copy of ``floor_bytes / 2`` bytes reads half of the floor and writes the other half, so its traffic is the
floor. It is timed as one more arm of the same launches, at its best: its bytes lie in the caches as far as they fit there,
and as many of the allowed threads copy as do it soonest (to wake one takes 5 µs on one machine and 100 on another, in which one
core copies up to 3 MB). Of several placements of its buffers it has the quickest: on one machine a copy of 98 KB took 58 µs in
buffers as they were allocated and 4 µs at 64-byte boundaries, so that a variant came out at half of the limit.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median

import numpy as np

LIMIT = "limit"
BYTES_A_SECOND, HAND_OVER_S = 1e10, 2e-5  # of the order of one core's copying, and of waking a thread
LARGE = 16 << 20  # bytes; to copy them takes one core so long that waking threads is nothing beside it
TRIES = 5  # of large copies one
LINE, PAGE = 64, 4096  # bytes: a line of the caches, and what addresses are compared by before they are known in full
PLACEMENTS = ((None, None), (LINE, LINE), (0, 0), (0, PAGE // 2))
"""Where source and target begin within a page; None is as they were allocated."""

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
    memory = np.ones(size + 2 * PAGE, np.uint8), np.zeros(size + 2 * PAGE, np.uint8)
    places = [tuple(_placed(*each, size) for each in zip(memory, starts, strict=True)) for starts in PLACEMENTS]
    with ThreadPoolExecutor(threads) as pool:

        def copy(place: int, threads: int) -> None:
            source, target = places[place]
            if stream_copy is not None:
                stream_copy.copy(target, source, threads)
            elif threads == 1:
                np.copyto(target, source)
            else:
                parts = zip(np.array_split(target, threads), np.array_split(source, threads), strict=True)
                for done in [pool.submit(np.copyto, *part) for part in parts]:
                    done.result()

        counts, tries = [threads], 1
        if size <= LARGE:
            counts, tries = sorted({*(1 << power for power in range(threads.bit_length())), threads}), TRIES
        place = _soonest(lambda place: copy(place, counts[0]), range(len(places)), tries)
        best = _soonest(lambda count: copy(place, count), counts, tries)
        yield lambda *inputs: copy(place, best)


def _placed(memory: np.ndarray, start: int | None, size: int) -> np.ndarray:
    """So many bytes of a memory that begin so far into a page."""
    begin = 0 if start is None else (start - memory.ctypes.data) % PAGE
    return memory[begin : begin + size]


def _soonest(copy: Callable[[int], None], ways: Sequence[int], tries: int) -> int:
    """In which of some ways it copies soonest: tried in turn, where there is a choice."""
    seconds: dict[int, list[float]] = {way: [] for way in ways}
    for _ in range((1 + tries) * (len(ways) > 1)):
        for way in ways:
            begin = time.perf_counter()
            copy(way)
            seconds[way].append(time.perf_counter() - begin)
    return min(
        ways, key=lambda way: median(seconds[way][1:] or [0.0])
    )  # the first starts threads, and touches the memory
