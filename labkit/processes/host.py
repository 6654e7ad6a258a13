"""A host: the process in which one arm of a launch lives, of today's code or of an earlier revision's.

It is executed by its path and imports the stages of one tree, or is forked where that is done. It opens one arm, and does what
it is asked over a socket. It times its own calls, so that asking costs neither arm anything::

    launch ─┬─ host of main_colors native, today's Python        asked: open, hold these inputs, time 3 calls
            └─ host of main_colors native, as it was at 1a2b3c4  asked the same in the same rounds

A host is executed for one launch alone. Where the loader, the heap and the hash seed put things makes two processes of the
very same code differ by up to 5 % for as long as they live (14 µs of NumPy, eight pairs of processes), so hosts forked from
one process are one try, not many.

This file runs under an earlier revision's Python, so it imports nothing from labkit but ``core.registry``, ``core.cpus``
and ``engines.arm`` of *that* revision.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import importlib.util
import json
import os
import pickle
import random
import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1  # prctl(2)
PAGE = 4096  # bytes


def send(pipe: Connection, thing: Any, offsets: Iterator[int] | None = None) -> None:
    """Send anything that can be pickled; each array's bytes go apart, to be placed ``next(offsets)`` bytes into a page."""
    import cloudpickle  # functions and classes of a loaded file go by value

    buffers: list[pickle.PickleBuffer] = []
    body = cloudpickle.dumps(thing, protocol=5, buffer_callback=buffers.append)
    contents = [buffer.raw() for buffer in buffers]
    pipe.send_bytes(json.dumps([[len(c), next(offsets) if offsets else 0] for c in contents]).encode())
    pipe.send_bytes(body)
    for content in contents:
        pipe.send_bytes(content)


def take(pipe: Connection) -> tuple[bytes, list[memoryview]]:
    """What was sent, still pickled. Raises EOFError or ConnectionError when the other side is gone."""
    import numpy as np

    places = json.loads(pipe.recv_bytes())
    body = pipe.recv_bytes()
    contents = []
    for size, offset in places:
        content = np.empty(size + PAGE, np.uint8).data[offset : offset + size]
        pipe.recv_bytes_into(content)
        contents.append(content)
    return body, contents


def refilled(buffers: Any, content: Any) -> Any:
    """The content, its arrays written into these buffers where shape and dtype are theirs."""
    import numpy as np

    if isinstance(content, np.ndarray):
        known = isinstance(buffers, np.ndarray) and (buffers.shape, buffers.dtype) == (content.shape, content.dtype)
        if not known or not buffers.flags.writeable:
            return content
        np.copyto(buffers, content)
        return buffers
    if type(content) is not type(buffers) or type(content) not in (list, tuple, dict) or len(content) != len(buffers):
        return content
    if isinstance(content, dict):
        return {key: refilled(buffers.get(key), value) for key, value in content.items()}
    return type(content)(refilled(*pair) for pair in zip(buffers, content, strict=True))


def receive(pipe: Connection) -> Any:
    body, contents = take(pipe)
    return pickle.loads(body, buffers=contents)


class Room:
    """What a host does: it opens one arm and calls it."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._call: Any = None
        self._inputs: Any = None
        self._output: Any = None

    def prepare(self, first: list[str], last: list[str], brought: bytes, module: str, stage: str) -> str:
        """Import what there is to be measured; tells where labkit lies."""
        own = [path for path in sys.path if path not in first]
        sys.path[:] = [*first, *own, *(path for path in last if path not in first and path not in own)]
        for name in ("numpy", "cloudpickle", "labkit.core.registry", "labkit.core.cpus", "labkit.engines.arm"):
            importlib.import_module(name)
        labkit = importlib.import_module("labkit")  # of whatever revision
        from labkit.core.registry import registry

        try:
            importlib.import_module("labkit.engines.starting").start_method = "fork"  # type: ignore[attr-defined]
        except ImportError:
            pass  # a revision without engines that start processes
        registry.discover()
        for thing in pickle.loads(brought):
            if isinstance(thing, Path):
                registry.load(thing)
            elif hasattr(thing, "contract"):
                registry.add_stage(thing, registry.origins.get(thing.name, "session"))
            else:
                registry.add_variant(thing)
        unknown = stage not in registry.stages and importlib.util.find_spec(module.partition(".")[0]) is not None
        if unknown and hasattr(importlib.import_module(module), "__path__"):  # a package that discovery does not know
            registry.import_folder(module)
        registry.stage(stage)
        return str(labkit.__file__)

    def offers(self, stage: str) -> dict[str, tuple[str, bool, str | None]]:
        """The stage's variants: kind, whether engines can take it, and why it can't run here (None: it can)."""
        from labkit.core.registry import registry

        return {name: (v.kind, v.partial is not None, v.unavailable()) for name, v in registry.of(stage).items()}

    def open(self, stage: str, arm: str, threads: int) -> None:
        """Make an arm ready."""
        from labkit.core.cpus import set_threads
        from labkit.engines.arm import ArmName, open_arm

        self._call = self._stack.enter_context(open_arm(stage, ArmName.parse(arm), threads))
        set_threads(threads)

    def answer(self, *inputs: Any) -> tuple[Any, float]:
        """The arm's output, and its seconds."""
        start = time.perf_counter_ns()
        output = self._call(*inputs)
        return output, (time.perf_counter_ns() - start) * 1e-9

    def hold(self, inputs: tuple[Any, ...], seed: int) -> None:
        """Keep inputs to be timed on; from here on nothing but calls is to happen in this process."""
        import numpy as np

        self._inputs = inputs
        random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002 (variants may draw from the global generator)
        gc.collect()
        gc.freeze()
        gc.disable()

    def refill(self, inputs: tuple[Any, ...]) -> None:
        """Time on other inputs from now on, in the same buffers."""
        self._inputs = refilled(self._inputs, inputs)

    def time(self, calls: int, keep: bool) -> tuple[float, float, bool]:
        """Seconds a call, what the arm tells of its device's own time (NaN: nothing), and whether the scheduler put us aside.

        The last output is kept until it is asked for, where it is to be.
        """
        call, inputs, clock, repeats = self._call, self._inputs, time.perf_counter_ns, range(calls)
        interrupted = _times_put_aside()
        start = clock()
        for _ in repeats:
            output = call(*inputs)
        end = clock()
        interrupted = _times_put_aside() - interrupted
        self._output = output if keep else None
        del output
        return (end - start) / calls * 1e-9, float(getattr(call, "device_seconds", "nan")), interrupted > 0

    def output(self) -> Any:
        """What was kept."""
        kept, self._output = self._output, None
        return kept

    def close(self) -> None:
        """End what the arm has started; whoever asked may then end this process."""
        self._call = None
        self._stack.close()


def _times_put_aside() -> int:
    """As :func:`labkit.processes.tasks.times_put_aside`."""
    thread = getattr(resource, "RUSAGE_THREAD", None)
    return resource.getrusage(thread).ru_nivcsw if thread is not None else 0


def serve(pipe: Connection) -> None:
    """Do what is asked for, until the other side is gone."""
    with ExitStack() as stack:
        room = Room(stack)
        while True:
            try:
                body, contents = take(pipe)
            except (EOFError, ConnectionError):
                return
            try:
                verb, *arguments = pickle.loads(body, buffers=contents)
                del body, contents
                answer = ("done", getattr(room, verb)(*arguments))
            except BaseException as error:
                answer = ("raised", _told(error))
            arguments = []
            try:
                send(pipe, answer)
            except ConnectionError:
                return
            except Exception as error:  # an output that can't be pickled
                send(pipe, ("raised", _told(error)))
            del answer


def main(descriptor: int, parent: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the request took effect
        os._exit(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        serve(Connection(descriptor))
    finally:
        os._exit(0)


def _told(error: BaseException) -> tuple[str, str, str]:
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__, str(error), place


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
