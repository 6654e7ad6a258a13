"""Arms that live in processes of their own, *hosts*: how one is started, and what a call of such an arm is."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any, Self

import numpy as np

from labkit.core.errors import NotOffered
from labkit.processes import host as host_file

OFFSETS = 256  # places a buffer may start at: every 16 bytes of a page
LONGEST_PADDING = 4096  # bytes of environment: where the stack begins moves a kernel's time


class HostLost(RuntimeError):
    """A host ended by itself."""


class HostProcess:
    """The near end of a host, which ends with this process at the latest."""

    pid: int
    _pipe: Connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._pipe.close()
        self._status(kill=True)

    def _status(self, kill: bool = False) -> int:
        """Wait until it has ended, or kill it: its exit status, or minus the signal that ended it."""
        raise NotImplementedError

    def ask(self, verb: str, *arguments: Any, offsets: Iterator[int] | None = None) -> Any:
        """What the host answers. Raises what it raised, as far as that is known here, and HostLost when it has ended."""
        self.tell(verb, *arguments, offsets=offsets)
        return self.hear()

    def tell(self, verb: str, *arguments: Any, offsets: Iterator[int] | None = None) -> None:
        try:
            host_file.send(self._pipe, (verb, *arguments), offsets)
        except ConnectionError:
            raise self._lost() from None

    def hear(self) -> Any:
        try:
            kind, payload = host_file.receive(self._pipe)
        except (EOFError, ConnectionError):
            raise self._lost() from None
        if kind == "raised":
            raise _as_here(*payload)
        return payload

    def end_alike(self) -> None:
        """End this process as the host has ended: what watches it then tells of the arm what it tells of any."""
        status = self._status()
        if status < 0:
            if status != -signal.SIGKILL:
                signal.signal(-status, signal.SIG_DFL)
            os.kill(os.getpid(), -status)
        os._exit(abs(status))

    def _lost(self) -> HostLost:
        return HostLost(f"its process ended with status {self._status()}")


class ExecutedHost(HostProcess):
    """A host executed by its file, under a Python that may be another's."""

    def __init__(self, python: str) -> None:
        here, there = socket.socketpair()
        padding = {"LABKIT_PADDING": "x" * random.randrange(LONGEST_PADDING)}
        with there:
            self._process = subprocess.Popen(
                [python, "-P", host_file.__file__, str(there.fileno()), str(os.getpid())],
                pass_fds=[there.fileno()],
                env=os.environ | padding,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self.pid = self._process.pid
        self._pipe = Connection(here.detach())
        self._labkit: str | None = None

    def prepared(self) -> str:
        """Wait until it has imported everything; where its labkit lies."""
        if self._labkit is None:
            self._labkit = str(self.hear())
        return self._labkit

    def _status(self, kill: bool = False) -> int:
        if kill:
            self._process.kill()
        return self._process.wait()


class ForkedHost(HostProcess):
    """A host forked from this process, which must be single-threaded: it has imported what this one has."""

    def __init__(self) -> None:
        here, there = socket.socketpair()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            here.close()
            host_file.main(there.detach(), parent)  # it never returns
        there.close()
        self._pipe = Connection(here.detach())
        self._ended: int | None = None

    def _status(self, kill: bool = False) -> int:
        if self._ended is None:
            if kill:
                os.kill(self.pid, signal.SIGKILL)
            self._ended = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._ended


class HostedCall:
    """A callable whose arm lives in a host; ``seconds`` is how long its last call took there."""

    def __init__(self, process: HostProcess, stage: str, arm: str, workers: int) -> None:
        self._process, self.pid, self.seconds = process, process.pid, float("nan")
        self._ask("open", stage, arm, workers)

    def __call__(self, *inputs: Any) -> Any:
        output, self.seconds = self._ask("answer", *inputs)
        return output

    def hold(self, inputs: tuple[Any, ...], seed: int) -> None:
        """Hand over the inputs to be timed on, each array at a random place within a page."""
        rng = np.random.default_rng(seed)
        self._ask("hold", inputs, seed, offsets=iter(lambda: int(rng.integers(OFFSETS)) * 16, -1))

    def refill(self, inputs: tuple[Any, ...]) -> None:
        """Hand over other inputs, for the same buffers."""
        self._ask("refill", inputs)

    def time(self, calls: int, keep: bool = False) -> tuple[float, float, bool]:
        """A timing on the inputs held, by the host's own clock; the last output is kept there, if it is to be."""
        seconds, device, put_aside = self._ask("time", calls, keep)
        return seconds, device, put_aside

    def output(self) -> Any:
        """The output that was kept."""
        return self._ask("output")

    def close(self) -> None:
        """Let the arm end what it has started."""
        self._ask("close")

    def _ask(self, verb: str, *arguments: Any, offsets: Iterator[int] | None = None) -> Any:
        try:
            return self._process.ask(verb, *arguments, offsets=offsets)
        except HostLost:
            self._process.end_alike()


def _as_here(name: str, text: str, place: str) -> Exception:
    """A host's exception as one of the same name, and of the same meaning where that matters."""
    known = {"NotOffered": NotOffered, "MemoryError": MemoryError}
    kind = known.get(name) or type(name, (RuntimeError,), {})
    error: Exception = kind(text)
    error.place = place  # type: ignore[attr-defined]
    return error
