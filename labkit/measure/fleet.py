"""The fleet: the parents of a run, as seen by the process that measures.

One parent stays clean and forks the probes. The others call single-threaded arms once to compile them, and fork the
launches in turn. Each is executed afresh with an environment of random length, because where the stack and the heap
begin is one of the things that move a kernel's time by several per cent (Mytkowicz et al., ASPLOS 2009).
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

import cloudpickle
import numpy as np

from labkit.core.cpus import thread_environment
from labkit.core.registry import registry
from labkit.measure.parent import Limits, Outcome, Preparation, Task

LAUNCHERS = 5
LONGEST_PADDING = 4096  # bytes of environment
START_TIMEOUT_S = 120


class ParentLost(RuntimeError):
    """A parent process ended by itself or did not start."""


class Parent:
    """The near end of one parent process."""

    def __init__(self, threads: int, rng: np.random.Generator) -> None:
        here, there = socket.socketpair()
        environment = os.environ | thread_environment(threads)
        environment["LABKIT_PADDING"] = "x" * int(rng.integers(LONGEST_PADDING))
        with there:
            self._process = subprocess.Popen(
                [sys.executable, "-c", f"from labkit.measure.parent import main; main({there.fileno()})"],
                pass_fds=[there.fileno()],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the process in front
            )
        self._pipe = Connection(here.detach())
        brought = cloudpickle.dumps(registry.brought)
        self._pipe.send(Preparation(list(sys.path), brought))
        self.threads_at_start: int | None = None
        self._ready = False

    def ready(self) -> None:
        """Wait until it has imported everything; raises ParentLost when it can't."""
        if self._ready:
            return
        if not self._pipe.poll(START_TIMEOUT_S):
            raise ParentLost(f"a measuring process did not start within {START_TIMEOUT_S} s")
        answer = self._receive()
        if isinstance(answer, str):
            raise ParentLost(f"a measuring process could not start: {answer}")
        self.threads_at_start = answer
        self._ready = True

    def hold(self, **things: Any) -> None:
        """Give things that its children are to find in memory."""
        self.ready()
        self._pipe.send(("hold", things))

    def import_modules(self, modules: Sequence[str]) -> None:
        """Import here what every launch would otherwise import; only modules seen to start no thread."""
        self.ready()
        self._pipe.send(("import", list(modules)))

    def warm(self, stage: str, arm: str, workers: int) -> None:
        """Call an arm once on the inputs held, so that launches inherit what it compiled; only one that starts no thread."""
        self._pipe.send(("warm", stage, arm, workers))

    def run(self, task: Task, limits: Limits) -> Outcome:
        """Fork a child that runs the task, and wait for its outcome."""
        self.ready()
        self._pipe.send(("fork", task, limits))
        outcome = self._receive()
        assert isinstance(outcome, Outcome)
        return outcome

    def _receive(self) -> Any:
        try:
            return self._pipe.recv()
        except (EOFError, ConnectionError):
            raise ParentLost(f"a measuring process ended with status {self._process.wait(5)}") from None

    def close(self) -> None:
        """Close the socket, which ends the parent and whatever it had started."""
        self._pipe.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Fleet:
    """A clean parent for probes and several launchers; use it as a context manager."""

    def __init__(self, threads: int, rng: np.random.Generator, launchers: int = LAUNCHERS) -> None:
        self.threads, self._rng = threads, rng
        self.clean = Parent(threads, rng)
        self.launchers = [Parent(threads, rng) for _ in range(launchers)]

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, *error: object) -> None:
        for parent in [self.clean, *self.launchers]:
            parent.close()

    def replace(self, parent: Parent) -> Parent:
        """Execute a parent afresh in the place of one that is lost, or from which nothing more may be inherited."""
        parent.close()
        fresh = Parent(self.threads, self._rng)
        if parent is self.clean:
            self.clean = fresh
        else:
            self.launchers[self.launchers.index(parent)] = fresh
        return fresh
