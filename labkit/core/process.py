"""What a process does first: a child must not outlive the one that started it, and memory is to be used again."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2)
PR_SET_CHILD_SUBREAPER = 36
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # mallopt(3)
LARGEST_THRESHOLD = 32 << 20  # bytes: glibc takes no more for M_MMAP_THRESHOLD
KEPT = 1 << 30


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent (process id ``parent``) ends; on Linux only."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the request took effect
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends, so that they can be found and ended; on Linux only."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1)


def keep_freed_memory() -> None:
    """Let glibc keep up to 1 GiB of what is freed, arrays of up to 32 MiB among it, for the next image; elsewhere nothing.

    By itself it gives the heap's end back to the system whenever an image's arrays are freed, or not: that depends on what
    lies behind them, so on chance. Then the next image faults every page in again: 2,300 faults and 6 of 21 ms of CPU
    time for each 1920×1080 image that is decoded, augmented and encoded (measured in some of the workers of one run).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform.startswith("linux") else None
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGEST_THRESHOLD)
        mallopt(M_TRIM_THRESHOLD, KEPT)


def thread_count() -> int | None:
    """Threads of this process; None where the system does not tell."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return None
