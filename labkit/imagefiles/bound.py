"""A bound on what decoding one image takes, for files whose pixels are more than their header says."""

from __future__ import annotations

import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STATM = Path("/proc/self/statm")
DATA = 5  # the place in it of the pages that are counted against RLIMIT_DATA (proc_pid_statm(5))


@contextmanager
def at_most(allowance: int) -> Iterator[bool]:
    """Let allocations of more than ``allowance`` bytes in all fail meanwhile; tells whether it does.

    Only in the main thread (of a worker's process too): a limit is one for all threads, and others may need more. Not
    where the system does not count, nor where a lower limit holds already.
    """
    before = resource.getrlimit(resource.RLIMIT_DATA)
    soft = _held() + allowance if threading.current_thread() is threading.main_thread() and STATM.exists() else -1
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
