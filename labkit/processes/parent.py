"""A parent: a freshly executed, single-threaded process that has imported what is wanted and forks probes and launches.

It is given a socket's descriptor, on which the commands of a :class:`labkit.processes.fleet.Fleet` arrive.
When that socket closes, whatever the reason, the parent kills what it started and leaves.
"""

from __future__ import annotations

import gc
import importlib
import mmap
import os
import pickle
import resource
import select
import signal
import sys
import time
import traceback
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any, Protocol

import cloudpickle

from labkit.core.cpus import set_cv2_threads
from labkit.core.errors import one_line
from labkit.core.exam import first_content
from labkit.core.process import adopt_orphans, die_with_parent
from labkit.core.registry import registry
from labkit.core.stage import Stage
from labkit.engines import starting
from labkit.engines.arm import ArmName, open_arm
from labkit.processes import charge
from labkit.processes.tree import tree, tree_resident

WATCH_EVERY_S = 0.01
WATCH_TIME_S = 1.0
END_EVERY_S, LONGEST_END_S = 0.001, 1.0
CLOSED = "the pipe to labkit closed: it closes file descriptors that are not its own"
UNHEARD = 97  # a child's exit status when it can't say what it raised
UNCHARGED_TIMES = 10  # times its limit a child may take for what is not charged


class Task(Protocol):
    """What a forked child does. It sends named findings, and marks the number of the arm that it is about to run.

    What it sends as ``kept``, a dictionary, the parent holds for later children; it goes no further.
    """

    def run(self, held: Any, send: Any, mark: Any) -> None: ...


@dataclass(frozen=True)
class Preparation:
    """What a parent needs to know before it can run anything; ``modules`` is what it imports, None all that is found."""

    path: list[str]
    modules: set[str] | None
    brought: bytes


@dataclass(frozen=True)
class Limits:
    """When a child is ended: after ``seconds``, or when its process tree holds more than ``memory_bytes``.

    :mod:`labkit.processes.charge` says which seconds count.
    """

    seconds: float
    memory_bytes: int | None = None
    watch_memory: bool = False


@dataclass
class Outcome:
    """How a child ended and what it had found.

    ``done``, ``raised``, ``signal``, ``exit``, ``timed_out``, ``memory``, or ``check_timed_out``: by what was not charged to it.

    ``kept`` names what the parent holds of it.
    ``peak_at[name]`` is the most bytes that its process tree had been seen to hold when it sent ``name``.
    """

    ending: str
    detail: str = ""
    found: dict[str, Any] = field(default_factory=dict)
    running: int = -1
    peak_at: dict[str, int] = field(default_factory=dict)
    wall_s: float = 0.0
    kept: tuple[str, ...] = ()


def main(descriptor: int) -> None:
    """Serve commands until the other side is gone."""
    commands = Connection(descriptor)
    adopt_orphans()
    try:
        _prepare(commands.recv())
        commands.send(time.monotonic())
    except Exception as error:
        commands.send(one_line(error))
        return
    held: dict[str, Any] = {}
    settled = False
    while True:
        try:
            verb, *arguments = commands.recv()
        except (EOFError, ConnectionError):
            return
        if verb == "hold":
            held.update(arguments[0])
        elif verb == "import":
            for module in arguments[0]:
                importlib.import_module(module)
        elif verb == "warm":
            stage, arm, workers = arguments
            _warm(stage, arm, workers, held)
        else:
            if not settled:  # once here, or every child would spend some 30 ms on it
                gc.collect()
                gc.freeze()
                settled = True
            if verb == "settle":
                commands.send(True)
                continue
            task, limits = arguments
            outcome = _forked(task, limits, held, commands)
            kept = outcome.found.pop("kept", {})
            held.update(kept)
            outcome.kept = tuple(kept)
            send_whole(commands, outcome)
            if not kept:
                continue
        settled = False


def _prepare(preparation: Preparation) -> None:
    sys.path[:] = preparation.path
    if preparation.modules is None:
        registry.discover()
    else:
        registry.import_only(preparation.modules)
    for thing in cloudpickle.loads(preparation.brought):
        if isinstance(thing, Path):
            registry.load(thing)
        elif isinstance(thing, Stage):
            registry.add_stage(thing, registry.origins.get(thing.name, "session"))
        else:
            registry.add_variant(thing)


def _warm(stage: str, arm: str, workers: int, held: dict[str, Any]) -> None:
    """Call an arm once here, so that its launches inherit what it compiled. Only for arms seen to start no thread."""
    set_cv2_threads(
        workers
    )  # as when it was seen: its pool does not survive a fork. BLAS would start its threads if told
    try:
        with open_arm(stage, ArmName.parse(arm), workers) as call, first_content(held["exam"]) as content:
            call(*content)
    except Exception:
        pass  # the launch will meet the same error and say whose it is


def _forked(task: Task, limits: Limits, held: dict[str, Any], commands: Connection) -> Outcome:
    """Run a task in a forked child in a process group of its own, and see that it ends, with all that it has started."""
    reader, writer = Pipe(duplex=False)
    running = mmap.mmap(-1, 8)  # shared with the child: the number of the arm that runs
    running[:8] = (-1).to_bytes(8, "little", signed=True)
    charge.current = charge.Charge()
    me, start = os.getpid(), time.perf_counter()
    before = frozenset(tree(me))
    child = os.fork()
    if child == 0:
        _be_child(task, limits, held, writer, running, me)
    writer.close()
    outcome = Outcome("done")
    try:
        wanted = _attend(child, reader, commands, limits, start, outcome)
    finally:
        status = _end(child, before)
    if not wanted:
        os._exit(0)
    outcome.wall_s = time.perf_counter() - start
    outcome.running = int.from_bytes(running[:8], "little", signed=True)
    if outcome.ending == "done" and "finished" not in outcome.found:
        outcome.ending, outcome.detail = _ending(status, outcome.found)
    return outcome


def _attend(
    child: int, reader: Connection, commands: Connection, limits: Limits, start: float, outcome: Outcome
) -> bool:
    """Take what the child sends until it closes its pipe or runs out of time or memory; False when nobody wants it any more."""
    peak = 0
    while True:
        left = limits.seconds - charge.current.seconds()
        uncharged = time.perf_counter() - start - charge.current.seconds()
        if left <= 0 or uncharged > UNCHARGED_TIMES * limits.seconds:
            outcome.ending = "timed_out" if left <= 0 else "check_timed_out"
            return True
        pause = WATCH_EVERY_S if limits.watch_memory else min(left, WATCH_TIME_S)
        ready, _, _ = select.select([reader, commands], [], [], pause)
        if limits.watch_memory:
            # an arm that lives in another process says which
            memory = tree_resident(outcome.found.get("beside", child))
            peak = max(peak, memory)
            if limits.memory_bytes is not None and memory > limits.memory_bytes:
                outcome.ending = "memory"
                return True
        if reader in ready:
            try:
                name, value = reader.recv()
            except (EOFError, ConnectionError):
                if "raised" not in outcome.found and not _ends(child):
                    outcome.ending, outcome.detail = "exit", CLOSED
                return True
            outcome.found[name] = value
            outcome.peak_at[name] = peak
            if name == "finished":
                return True
        elif commands in ready:  # nothing is sent to a parent at work, except that its fleet is gone
            return False


def _ends(child: int) -> bool:
    """Does a child that has closed its pipe end by itself, as one that crashes does?"""
    deadline = time.monotonic() + LONGEST_END_S
    while os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(END_EVERY_S)
    return True


def _be_child(task: Task, limits: Limits, held: Any, writer: Connection, running: mmap.mmap, parent: int) -> None:
    """The child's whole life. It never returns."""
    code = 1
    try:
        os.setpgid(0, 0)
        die_with_parent(parent)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        starting.start_method = "fork"
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if limits.memory_bytes is not None:
            _, hard = resource.getrlimit(resource.RLIMIT_DATA)
            resource.setrlimit(resource.RLIMIT_DATA, (limits.memory_bytes, hard))

        def mark(number: int) -> None:
            running[:8] = number.to_bytes(8, "little", signed=True)

        task.run(held, lambda name, value: send_whole(writer, (name, value)), mark)
        writer.send(("finished", True))
        code = 0
    except BaseException as error:
        code = UNHEARD
        writer.send(("raised", (one_line(error), _place(error))))
        code = 1
    finally:
        os._exit(code)


def send_whole(pipe: Connection, value: Any) -> None:
    """Send a value with all that it holds: torch would have a pipe's tensors share memory, which is gone when a child ends."""
    pipe.send_bytes(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))


def _place(error: BaseException) -> str:
    if place := getattr(error, "place", ""):
        return str(place)  # of an error that was raised in another process
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def _ending(status: int, found: dict[str, Any]) -> tuple[str, str]:
    if "raised" in found:
        text, place = found["raised"]
        if text.startswith("MemoryError") or "bad_alloc" in text:
            return "memory", text
        return "raised", f"{text} ({place})" if place else text
    if os.WIFSIGNALED(status):
        return "signal", signal.Signals(os.WTERMSIG(status)).name
    if os.waitstatus_to_exitcode(status) == UNHEARD:
        return "exit", CLOSED
    return "exit", f"exit status {os.waitstatus_to_exitcode(status)}"


def _end(child: int, before: Collection[int]) -> int:
    """Kill the child and whatever it has started, also in sessions of their own; returns the child's status.

    What lives on when its parent has ended is ours (:func:`labkit.core.process.adopt_orphans`), so not ``before`` the child.
    """
    _kill_group(child)
    _, status = os.waitpid(child, 0)
    deadline = time.monotonic() + LONGEST_END_S
    while (left := set(tree(os.getpid())) - set(before)) and time.monotonic() < deadline:
        for process in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        for process in left:
            with suppress(ChildProcessError):  # a grandchild, which is ours in the next round
                os.waitpid(process, os.WNOHANG)
        time.sleep(END_EVERY_S)
    return status


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        try:
            os.kill(group, signal.SIGKILL)  # it has not made its group yet
        except ProcessLookupError:
            pass
