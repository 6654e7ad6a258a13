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
import time
from collections.abc import Collection
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np

from labkit.core.cpus import thread_environment
from labkit.core.errors import UsageError, one_line
from labkit.core.registry import registry
from labkit.core.stage import Stage
from labkit.core.variant import Variant
from labkit.processes.parent import Limits, Outcome, Preparation, Task, send_whole
from labkit.processes.stop import stopped, wait

LAUNCHERS = 5
LONGEST_PADDING = 4096  # bytes of environment
START_TIMEOUT_S = 120
PATIENCE_S = 5.0  # to clean up after itself and leave
HURRIED_S = 0.3  # the same, for a whole fleet that is stopped

# ("hold", {name: thing}) for children to find; ("import", modules) and ("warm", stage, arm, workers) so that children
# inherit what is imported and compiled: only modules and arms that were seen to start no thread.
Command = tuple[Any, ...]
Wanted = Collection[tuple[str, str]] | None
"""Stages and variants by name; None means any that there are."""


class ParentLost(RuntimeError):
    """A parent process ended by itself or did not start."""


class Parent:
    """The near end of one parent process."""

    def __init__(self, threads: int, rng: np.random.Generator, wanted: Wanted = None) -> None:
        self._begun = time.monotonic()
        here, there = socket.socketpair()
        environment = os.environ | thread_environment(threads)
        environment["LABKIT_PADDING"] = "x" * int(rng.integers(LONGEST_PADDING))
        with there:
            self._process = subprocess.Popen(
                [sys.executable, "-c", f"from labkit.processes.parent import main; main({there.fileno()})"],
                pass_fds=[there.fileno()],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the process in front
            )
        self._pipe = Connection(here.detach())
        self.pid = self._process.pid
        self._pipe.send(_preparation(wanted))
        self.standing: tuple[Command, ...] = ()
        self.kept: dict[tuple[str, ...], tuple[Task, Limits]] = {}
        self._ready, self.start_s = False, 0.0

    def ready(self) -> None:
        """Wait until it has imported everything, ``start_s`` seconds after it began; raises ParentLost when it can't."""
        if self._ready:
            return
        if not wait(self._pipe, START_TIMEOUT_S):
            raise ParentLost(f"a measuring process did not start within {START_TIMEOUT_S} s")
        answer = self._receive()
        if isinstance(answer, str):
            raise ParentLost(f"a measuring process could not start: {answer}")
        self._ready, self.start_s = True, answer - self._begun

    def tell(self, *commands: Command) -> None:
        """Give commands that need no answer: all that the next tasks are to find. They replace what was told before."""
        self.standing = commands
        self.ready()
        for command in commands:
            self._send(command)

    def settle(self) -> None:
        """Wait until it has done all that it was told; raises ParentLost where it ended over it."""
        self._send(("settle",))
        self._receive()

    def run(self, task: Task, limits: Limits) -> Outcome:
        """Fork a child that runs the task, and wait for its outcome."""
        self.ready()
        self._send(("fork", task, limits))
        outcome = self._receive()
        assert isinstance(outcome, Outcome)
        if outcome.kept:
            self.kept.pop(
                outcome.kept, None
            )  # the latest comes last: what it had kept of the same name replaced the earlier
            self.kept[outcome.kept] = task, limits
        return outcome

    def _send(self, command: Command) -> None:
        try:
            send_whole(self._pipe, command)
        except ConnectionError:
            raise ParentLost(f"a measuring process ended with status {self._process.wait(5)}") from None

    def _receive(self) -> Any:
        wait(self._pipe)
        try:
            return self._pipe.recv()
        except (EOFError, ConnectionError):
            raise ParentLost(f"a measuring process ended with status {self._process.wait(5)}") from None

    def dismiss(self) -> None:
        """Close the socket, which ends the parent and whatever it had started."""
        self._pipe.close()
        if stopped() and not self._ready:
            self._process.kill()  # it still imports and has started nothing

    def close(self, patience_s: float = PATIENCE_S) -> None:
        """Dismiss it, and see that it has left; one that has not within so many seconds is killed."""
        self.dismiss()
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _preparation(wanted: Wanted) -> Preparation:
    if wanted is None:
        modules, brought = None, registry.brought
    else:
        stages = {stage for stage, _ in wanted}
        modules = registry.modules_of(wanted)
        brought = [thing for thing in registry.brought if _is_for(thing, stages)]
    try:
        packed = cloudpickle.dumps(brought)
    except Exception:  # whatever a notebook's names may hold
        packed = cloudpickle.dumps([thing for thing in brought if _can_be_sent(thing, wanted)])
    return Preparation(list(sys.path), modules, packed)


def _can_be_sent(thing: Stage | Variant | Path, wanted: Wanted) -> bool:
    """Whether another process can be given it; raises UsageError where it can't and is what was asked for."""
    try:
        cloudpickle.dumps(thing)
    except Exception as error:
        variant = (thing.stage, thing.name) if isinstance(thing, Variant) else None
        if wanted is None or (variant and variant not in wanted):
            return False
        name = "variant {1} of stage {0}".format(*variant) if variant else f"stage {getattr(thing, 'name', thing)}"
        told = one_line(error)
        raise UsageError(f"{name} can't be sent to another process: {told}") from None
    return True


def _is_for(thing: Stage | Variant | Path, stages: set[str]) -> bool:
    """Whether what discovery does not find is of one of these stages; a loaded file may be of any."""
    return isinstance(thing, Path) or (thing.name if isinstance(thing, Stage) else thing.stage) in stages


class Fleet:
    """A clean parent for probes and several launchers; use it as a context manager.

    They import what is ``wanted`` of them, None everything: they are ready the sooner, the less they import.
    ``launchers``: how many launch in turn; None is ``LAUNCHERS``, or what ``$LABKIT_LAUNCHERS`` says: tests, which ask for
    no figure, take fewer.
    """

    def __init__(
        self, threads: int, rng: np.random.Generator, wanted: Wanted = None, launchers: int | None = None
    ) -> None:
        if launchers is None:
            launchers = int(os.environ.get("LABKIT_LAUNCHERS", LAUNCHERS))
        self.threads, self._rng, self._wanted = threads, rng, wanted
        self.clean = Parent(threads, rng, wanted)
        self.launchers = [Parent(threads, rng, wanted) for _ in range(launchers)]

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, *error: object) -> None:
        parents = [self.clean, *self.launchers]
        for parent in parents:
            parent.dismiss()
        end = time.monotonic() + (HURRIED_S if stopped() else PATIENCE_S)
        for parent in parents:
            parent.close(max(0.0, end - time.monotonic()))

    def tell(self, parent: Parent, *commands: Command) -> Parent:
        """Tell a parent what its next tasks are to find; one that is lost is replaced first, by the one given back."""
        try:
            parent.tell(*commands)
        except ParentLost:
            return self.replace(parent)
        return parent

    def settle(self, *commands: Command, at_once: bool = True) -> None:
        """Tell every launcher, and wait until all have imported and called what they were told: at once, or one by one."""
        for group in [self.launchers[:]] if at_once else [[parent] for parent in self.launchers]:
            for parent in [self.tell(parent, *commands) for parent in group]:
                try:
                    parent.settle()
                except ParentLost:
                    self.replace(parent)

    def replace(self, parent: Parent) -> Parent:
        """Execute a parent afresh in the place of one that is lost; it is told, and finds again, what that one knew.

        Raises ParentLost where it does not find it again: what is asked of it then would be blamed on whoever comes next.
        """
        parent.close()
        fresh = Parent(self.threads, self._rng, self._wanted)
        if parent is self.clean:
            self.clean = fresh
        else:
            self.launchers[self.launchers.index(parent)] = fresh
        fresh.tell(*parent.standing)
        for task, limits in parent.kept.values():
            outcome = fresh.run(task, limits)
            if outcome.ending != "done":
                how = f"{outcome.ending} {outcome.detail}".strip()
                raise ParentLost(f"what a lost measuring process knew could not be found again: {how}")
        return fresh
