"""Threads and child processes of this process: who runs now, and who has worked."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator, Sequence

LONGEST_WAIT_S = 0.02
_OF_THREAD: int | None = getattr(resource, "RUSAGE_THREAD", None)


class Quiet:
    """Arms must not tax each other: waits until no other thread of this process, and no process it started, runs.

    ``others`` are processes whose threads, and whose own children, must sleep as well.
    """

    def __init__(self, others: Sequence[int] = ()) -> None:
        self.restless = 0
        self._others = others

    def wait(self) -> None:
        """Return when all others sleep, or after 20 ms; then ``restless`` counts one more."""
        deadline = None
        while self._someone_runs():
            now = time.perf_counter()
            deadline = deadline or now + LONGEST_WAIT_S
            if now > deadline:
                self.restless += 1
                return

    def _someone_runs(self) -> bool:
        try:
            tasks = os.listdir("/proc/self/task")
        except OSError:
            return False  # a system without /proc can't tell
        own = str(os.getpid())
        if any(_running(f"/proc/self/task/{task}/stat") for task in tasks if task != own):
            return True
        return any(_running(f"/proc/{child}/stat") for child in _children()) or any(map(_running, _stats(self._others)))


def times_put_aside() -> int:
    """How often the scheduler has taken the CPU from the calling thread while it still had work; 0 where it is not told.

    Involuntary context switches of getrusage(2), which Linux counts for each thread.
    """
    return resource.getrusage(_OF_THREAD).ru_nivcsw if _OF_THREAD is not None else 0


def run_times() -> dict[str, int]:
    """Nanoseconds on a CPU so far, of each thread of this process and of the processes it started."""
    return {task: run for task, (run, _) in scheduled().items()}


def scheduled(own: bool = True) -> dict[str, tuple[int, int]]:
    """Nanoseconds on a CPU, and nanoseconds ready to run without one, so far: by thread, as :func:`run_times`.

    Without ``own`` of the processes that this one started alone. Threads that have ended are in neither.
    """
    times = {}
    for process in [*(["self"] if own else []), *_children()]:
        try:
            tasks = os.listdir(f"/proc/{process}/task")
        except OSError:
            continue
        for task in tasks:
            try:
                with open(f"/proc/{process}/task/{task}/schedstat") as file:
                    run, waited, _ = file.read().split()
                    times[task] = int(run), int(waited)
            except (OSError, ValueError):
                continue
    return times


def threads_used(before: dict[str, int], after: dict[str, int]) -> int | None:
    """How many threads worked between two readings: those with at least a twentieth of the busiest one's time."""
    worked = [time - before.get(task, 0) for task, time in after.items()]
    return sum(time >= max(worked) / 20 for time in worked) if worked and max(worked) > 0 else None


def _children() -> list[str]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:
            return file.read().split()
    except OSError:
        return []


def _stats(processes: Sequence[int]) -> Iterator[str]:
    """Of the threads of these processes, and of the processes that they started."""
    for process in processes:
        try:
            yield from (f"/proc/{process}/task/{task}/stat" for task in os.listdir(f"/proc/{process}/task"))
            with open(f"/proc/{process}/task/{process}/children") as file:
                yield from (f"/proc/{child}/stat" for child in file.read().split())
        except OSError:
            continue  # it has ended


def _running(stat: str) -> bool:
    try:
        with open(stat, "rb") as file:
            line = file.read()
    except OSError:
        return False  # it ended meanwhile
    return line[line.rindex(b")") + 2 : line.rindex(b")") + 3] == b"R"
