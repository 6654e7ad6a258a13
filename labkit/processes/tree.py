"""What a process and all its descendants hold: now, and the most while one call runs.

The system keeps the high-water mark of a single process exactly; it is set back before the call (proc(5), clear_refs).
For a tree there is no such mark: a watcher adds its processes up again and again. Shared memory counts once, so that an
array in it is as large as it is; for that it must be mapped by a process that was there before the call, as it is where
a parent makes it for its workers.
"""

from __future__ import annotations

import mmap
import os
import signal
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from labkit.core.process import die_with_parent
from labkit.processes.memory import forget_high_water, resident

EVERY_S = 0.001
ENOUGH_S = 0.5
IDLE, ASKED, WATCHING = range(3)
READY_S = 1.0


class TreePeak:
    """Watches the process that enters it. Enter it before any thread is started: it forks."""

    def __enter__(self) -> TreePeak:
        self.root = os.getpid()
        self._shared = mmap.mmap(-1, 16)  # what the watcher is asked to do, and the most bytes it has seen
        self._watcher = os.fork()
        if self._watcher == 0:
            try:
                self._watch()
            finally:
                os._exit(0)
        return self

    def __exit__(self, *error: object) -> None:
        os.kill(self._watcher, signal.SIGKILL)
        os.waitpid(self._watcher, 0)

    def share(self) -> int | None:
        """Bytes that the tree takes of the machine, without the watcher; None where the system does not tell."""
        return tree_share(self.root, without=self._watcher)

    def children(self) -> int:
        """How many descendants this process has, without the watcher."""
        return len(tree(self.root, self._watcher)) - 1

    def peak_of(self, call: Callable[[], Any], *, repeat: bool = False) -> tuple[Any, int | None, float]:
        """The call's answer, the most bytes that the tree held meanwhile beyond what it held before, and the seconds.

        ``repeat``: take the most in half a second of calls, because how far the peaks of several threads fall together is
        chance. So it is done with child processes, where the watcher must not miss a short spike.
        """
        before, own_before = tree_held(self.root, self._watcher), resident("VmRSS")
        marked = forget_high_water()
        self._tell(IDLE, peak=0)
        self._tell(ASKED)
        deadline = time.monotonic() + READY_S
        while self._read(0) == ASKED and time.monotonic() < deadline:
            time.sleep(EVERY_S)
        start = time.perf_counter()
        output = call()
        seconds = time.perf_counter() - start
        while time.perf_counter() - start < ENOUGH_S and (repeat or self.children()):
            del output
            output = call()
        own = resident("VmHWM")
        self._tell(IDLE)
        if before is None:
            return output, None, seconds
        peak = self._read(8) - before
        if marked and own is not None and own_before is not None:
            peak = max(peak, own - own_before)
        return output, max(0, peak), seconds

    def _tell(self, state: int, peak: int | None = None) -> None:
        self._shared[:8] = state.to_bytes(8, "little")
        if peak is not None:
            self._shared[8:] = peak.to_bytes(8, "little")

    def _read(self, offset: int) -> int:
        return int.from_bytes(self._shared[offset : offset + 8], "little")

    def _watch(self) -> None:
        die_with_parent(self.root)
        me = os.getpid()
        known: set[int] = set()
        while True:
            if self._read(0) != IDLE:
                if self._read(0) == ASKED:
                    known = set(tree(self.root, without=me))
                held = tree_held(self.root, without=me, known=known) or 0
                if held > self._read(8):
                    self._shared[8:] = held.to_bytes(8, "little")
                if self._read(0) == ASKED:
                    self._tell(WATCHING)
            time.sleep(EVERY_S)


def tree(root: int, without: int = 0) -> list[int]:
    """A process and its descendants, except one with its own."""
    found, waiting = [], [root]
    while waiting:
        process = waiting.pop()
        found.append(process)
        waiting += [child for child in _children(process) if child != without]
    return found


def tree_held(root: int, without: int = 0, known: Collection[int] | None = None) -> int | None:
    """Bytes that a process and its descendants hold, shared memory once; None where the system does not tell.

    Of processes that are not ``known`` only what is theirs alone counts: a child that was forked meanwhile also maps all
    that its parent holds. That takes the kernel milliseconds to tell, so that it is not asked for the others.
    """
    total, shared = 0, 0
    for process in tree(root, without):
        if known is not None and process not in known:
            total += _rolled_up(process, "Private_Clean:", "Private_Dirty:")
            continue
        sizes = _mapped(process)
        if sizes is None:
            if process == root:
                return None
            continue  # it has ended
        held, mapped = sizes
        total += held - mapped
        shared = max(shared, mapped)
    return total + shared


def tree_resident(root: int) -> int:
    """Resident bytes of a process and its descendants; pages that they share count once for each."""
    return sum(sizes[0] for process in tree(root) if (sizes := _mapped(process)))


def tree_share(root: int, without: int = 0) -> int | None:
    """Proportional set size of a process and its descendants: what they take of the machine; None where unknown."""
    return sum(_rolled_up(process, "Pss:") for process in tree(root, without)) or None


def _mapped(process: int) -> tuple[int, int] | None:
    """Bytes of a process that are resident, and how many of them lie in files or shared memory; None when it has ended."""
    try:
        _, held, mapped, *_ = map(int, Path(f"/proc/{process}/statm").read_text().split())
    except (OSError, ValueError):
        return None
    return held * mmap.PAGESIZE, mapped * mmap.PAGESIZE


def _rolled_up(process: int, *fields: str) -> int:
    """The sum of some fields of a process's roll-up (proc(5)) in bytes; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(fields))


def _children(process: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{process}/task"):  # a thread's children are listed with the thread
            found += map(int, Path(f"/proc/{process}/task/{task}/children").read_text().split())
    except OSError:
        pass  # it has ended
    return found
