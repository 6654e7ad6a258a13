"""What calls do beside computing, noted at next to no cost: a probe does it for each arm, and the doctor explains it.

Counted are compilations, bytes through multiprocessing's pipes, forks while threads run, changes of what the whole process
shares, and how many CPUs the threads wanted at once. The process is the arm's own and ends with it: hooks stay.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from labkit.processes.tasks import scheduled

HEADER = 8  # bytes: what says how long a message is
SWITCHES = ("numba.config.DISABLE_JIT", "cv2.getNumThreads()")  # often flipped once, by the first call or an import


@dataclass
class Seen:
    """What was noted of an arm. Sums over ``calls`` later calls, which took ``seconds``; of forks all, from its opening on.

    ``wanted`` are the CPUs that threads of this process and of its children used or waited for, on average over those
    calls; None where the system does not tell. ``changed`` names shared state that calls left otherwise than it was, and
    switches that were flipped before; ``reseeded`` the generators among it that each call leaves in one and the same state.
    """

    calls: int = 0
    seconds: float = 0.0
    compiled: int = 0
    compile_s: float = 0.0
    piped_bytes: int = 0
    piped_s: float = 0.0
    wanted: float | None = None
    changed: dict[str, str] = field(default_factory=dict)
    reseeded: tuple[str, ...] = ()
    forks: list[str] = field(default_factory=list)


class Watch:
    """Notes from now on; to be made in the arm's process before the arm is opened. ``begin`` and ``end`` enclose later calls."""

    def __init__(self) -> None:
        self.seen = Seen()
        self._on = False
        self._messages: list[tuple[int, int]] = []  # bytes, nanoseconds; a list, for threads append to it
        self._compiled = _Compilations()
        self._others = _tasks()
        self._wanted_ns = 0
        self._states: list[dict[str, Any]] = []
        self._at_first = shared_state()
        self._watch_pipes()
        os.register_at_fork(before=self._note_fork)

    def begin(self) -> None:
        """Later calls begin: the first one, which compiles and imports, is over."""
        self._compiled.register()
        move_generators()
        self._before = shared_state()
        for name in SWITCHES:
            if name in self._at_first and self._at_first[name] != self._before[name]:
                self.seen.changed[name] = _told(self._at_first[name], self._before[name])
        self._compiled_before = self._compiled.count, self._compiled.ns
        self._messages.clear()
        self._on = True
        self._scheduled = scheduled()
        self._start = time.perf_counter_ns()

    def end(self, calls: int) -> None:
        """So many calls were made since :meth:`begin`."""
        ns = time.perf_counter_ns() - self._start
        after = scheduled()
        self._on = False
        if not calls:
            return
        seen = self.seen
        seen.calls += calls
        seen.seconds += ns * 1e-9
        self._wanted_ns += sum(self.run_and_waited(self._scheduled, after))
        seen.wanted = self._wanted_ns * 1e-9 / seen.seconds if after else None
        seen.compiled += self._compiled.count - self._compiled_before[0]
        seen.compile_s += (self._compiled.ns - self._compiled_before[1]) * 1e-9
        seen.piped_bytes += sum(size for size, _ in self._messages)
        seen.piped_s += sum(spent for _, spent in self._messages) * 1e-9
        self._note_state(shared_state())

    @staticmethod
    def run_and_waited(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> tuple[int, int]:
        """Nanoseconds that tasks ran, and that they waited for a CPU, between two readings."""
        run = sum(now[0] - before.get(task, (0, 0))[0] for task, now in after.items())
        return run, sum(now[1] - before.get(task, (0, 0))[1] for task, now in after.items())

    def _note_state(self, after: dict[str, Any]) -> None:
        for name, value in after.items():
            if name in self._before and self._before[name] != value:
                self.seen.changed[name] = _told(self._before[name], value)
        self._states.append(after)
        if len(self._states) > 1:
            one, other = self._states[-2:]
            generators = {"random", "numpy.random"} & self.seen.changed.keys()
            self.seen.reseeded = tuple(sorted(name for name in generators if one[name] == other[name]))

    def _watch_pipes(self) -> None:
        sending, receiving = Connection._send, Connection._recv  # type: ignore[attr-defined]

        def send(pipe: Any, data: Any, *more: Any) -> Any:
            return self._timed(len(data), sending, pipe, data, *more)

        def receive(pipe: Any, size: int, *more: Any) -> Any:
            return self._timed(size, receiving, pipe, size, *more)

        def restore() -> None:
            Connection._send, Connection._recv = sending, receiving  # type: ignore[attr-defined]
            self._on = False

        Connection._send, Connection._recv = send, receive  # type: ignore[attr-defined]
        os.register_at_fork(after_in_child=restore)  # what workers receive is what is sent here

    def _timed(self, size: int, function: Callable[..., Any], *values: Any) -> Any:
        if not self._on or size <= HEADER:  # before a header comes, nothing does: a wait for a worker at work
            return function(*values)
        start = time.perf_counter_ns()
        try:
            return function(*values)
        finally:
            self._messages.append((size, time.perf_counter_ns() - start))

    def _note_fork(self) -> None:
        tasks = _tasks() - self._others - {os.getpid()}
        named = {thread.native_id: thread.name for thread in threading.enumerate()}
        names = sorted(named[task] for task in tasks if task in named and task != threading.get_native_id())
        unnamed = sum(task not in named for task in tasks)
        if unnamed:  # OpenBLAS ends its threads before a fork
            unnamed -= sum(i["num_threads"] - 1 for i in threadpool_info() if i.get("internal_api") == "openblas")
        if unnamed > 0:
            names.append(f"{unnamed} of libraries")
        if names:
            self.seen.forks.append(", ".join(names))


def move_generators() -> None:
    """Draw from the global generators, so that a call shows that seeds them as the call before did."""
    random.random()
    np.random.rand()  # noqa: NPY002


def shared_state() -> dict[str, Any]:
    """What a whole process shares and a call should leave alone, by name; only of modules that are imported."""
    generator = np.random.get_state(legacy=False)  # noqa: NPY002
    state: dict[str, Any] = {
        "random": random.getstate(),
        "numpy.random": (generator["state"]["key"].tobytes(), generator["state"]["pos"], generator["has_gauss"]),
        "os.environ": dict(os.environ),
        "warnings.filters": list(warnings.filters),
    }
    if (config := sys.modules.get("numba.core.config")) is not None:
        state["numba.config.DISABLE_JIT"] = config.DISABLE_JIT
    if (cv2 := sys.modules.get("cv2")) is not None:
        state["cv2.getNumThreads()"] = cv2.getNumThreads()
    return state


def _told(before: Any, after: Any) -> str:
    """A change in a few words."""
    if isinstance(before, dict):
        keys = sorted(k for k in before.keys() | after.keys() if before.get(k) != after.get(k))
        return ", ".join(keys[:3]) + (" and more" if len(keys) > 3 else "")
    if isinstance(before, list):
        return f"{len(before)} filters before, {len(after)} after"
    return "" if isinstance(before, tuple) else f"{before} before, {after} after"


class _Compilations:
    """Counts what Numba and torch.compile compile, once they are imported."""

    def __init__(self) -> None:
        self._numba, self._depth, self._begun = 0, 0, 0
        self._registered = False
        self.ns = 0

    @property
    def count(self) -> int:
        dynamo = sys.modules.get("torch._dynamo.utils")
        return self._numba + (dynamo.counters["frames"]["total"] if dynamo else 0)

    def register(self) -> None:
        event = sys.modules.get("numba.core.event")
        if event is None or self._registered:
            return
        self._registered = True
        outer = self

        class Heard(event.Listener):  # type: ignore[name-defined,misc]
            def on_start(self, event: Any) -> None:
                outer._begin()

            def on_end(self, event: Any) -> None:
                outer._end()

        event.register("numba:compile", Heard())

    def _begin(self) -> None:
        """A function that another one calls is compiled within that one's time."""
        self._numba += 1
        self._depth += 1
        if self._depth == 1:
            self._begun = time.perf_counter_ns()

    def _end(self) -> None:
        self._depth -= 1
        if self._depth == 0:
            self.ns += time.perf_counter_ns() - self._begun


def _tasks() -> set[int]:
    try:
        return {int(task) for task in os.listdir("/proc/self/task")}
    except OSError:
        return set()
