"""A bound on what decoding one image takes, for files whose pixels are more than their header says."""

from __future__ import annotations

import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STATM, TASKS = Path("/proc/self/statm"), Path("/proc/self/task")
DATA = 5  # the place in it of the pages that are counted against RLIMIT_DATA (proc_pid_statm(5))
A_THREAD = 1 << 28  # bytes: each of OpenBLAS's maps 129 MiB when it begins, and jumps to address 0 where it gets none


@contextmanager
def at_most(allowance: int) -> Iterator[bool]:
    """Let allocations of more than ``allowance`` bytes in all fail meanwhile; tells whether it does.

    A limit is one for all threads of a process, and others may need more: it is set only where Python runs none beside
    the main one (in a worker's process too), and leaves ``A_THREAD`` to each that a library has started. Not where the
    system does not count, nor where a lower limit holds already.
    """
    before = resource.getrlimit(resource.RLIMIT_DATA)
    alone = threading.active_count() == 1 and threading.current_thread() is threading.main_thread()
    soft = _held() + allowance + A_THREAD * (len(list(TASKS.iterdir())) - 1) if alone and STATM.exists() else -1
    if soft < 0 or 0 <= before[0] <= soft:
        yield False
        return
    resource.setrlimit(resource.RLIMIT_DATA, (soft, before[1]))
    try:
        yield True
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _held() -> int:
    return int(STATM.read_text().split()[DATA]) * resource.getpagesize()
