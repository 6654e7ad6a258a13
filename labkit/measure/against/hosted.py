"""Arms that live in hosts: how a launch or probe executes one, and what a call of such an arm is."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from labkit.core.errors import NotOffered
from labkit.engines.arm import ArmName
from labkit.measure.against import host as host_file
from labkit.measure.against.probe import HostedProbe, plan_beside
from labkit.measure.schedule import Plan, Timing

OFFSETS = 256  # places a buffer may start at: every 16 bytes of a page
LONGEST_PADDING = 4096  # bytes of environment: where the stack begins moves a kernel's time


class HostLost(RuntimeError):
    """A host ended by itself."""


@dataclass(frozen=True)
class Host:
    """How hosts are executed: the Python, what its path begins and ends with, and what discovery does not find (pickled).

    ``module`` defines ``stage``. Variants are called there as here, but for the ``suffix``. ``today`` is where the arms of
    today's code live in the same launches, so that old and new differ in nothing but code.
    """

    python: str
    first: tuple[str, ...]
    last: tuple[str, ...]
    brought: bytes
    module: str
    stage: str
    suffix: str = ""
    today: Host | None = None

    def probe(self, stage: str, arm: str, threads: int, edge_cases: bool) -> HostedProbe:
        """Finds out about one of its arms before it is timed."""
        return HostedProbe(self, stage, arm, threads, edge_cases)

    def plan(self, costs: Mapping[str, float], baseline: str, budget_s: float) -> Plan:
        """A plan for code beside its earlier self."""
        return plan_beside(costs, baseline, budget_s)

    @contextmanager
    def execute(self) -> Iterator[HostProcess]:
        """A host, which has ended when this context ends."""
        with HostProcess(self.python) as process:
            process.tell("prepare", list(self.first), list(self.last), self.brought, self.module, self.stage)
            yield process

    def open(self, process: HostProcess, name: ArmName, workers: int) -> HostedCall:
        """Make one of the stage's arms ready in a host that was executed."""
        process.prepared()
        return HostedCall(
            process, self.stage, str(replace(name, variant=name.variant.removesuffix(self.suffix))), workers
        )


class HostProcess:
    """The near end of a host, which ends with this process at the latest."""

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

    def __enter__(self) -> HostProcess:
        return self

    def __exit__(self, *error: object) -> None:
        self._pipe.close()
        self._process.kill()
        self._process.wait()

    def prepared(self) -> str:
        """Wait until it has imported everything; where its labkit lies."""
        if self._labkit is None:
            self._labkit = str(self.hear())
        return self._labkit

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
        status = self._process.wait()
        if status < 0:
            if status != -signal.SIGKILL:
                signal.signal(-status, signal.SIG_DFL)
            os.kill(os.getpid(), -status)
        os._exit(abs(status))

    def _lost(self) -> HostLost:
        return HostLost(f"its process ended with status {self._process.wait()}")


class HostedCall:
    """A callable whose arm lives in a host; ``seconds`` is how long its last call took there."""

    def __init__(self, process: HostProcess, stage: str, arm: str, workers: int) -> None:
        self._process, self.pid, self.seconds = process, process.pid, float("nan")
        self._ask("open", stage, arm, workers)

    def __call__(self, *inputs: Any) -> Any:
        output, self.seconds = self._ask("answer", *inputs)
        return output

    def hold(self, inputs: tuple[Any, ...], seed: int) -> None:
        """Hand over the inputs to be timed on, each array displaced as :func:`labkit.measure.launch.displaced` does it."""
        rng = np.random.default_rng(seed)
        self._ask("hold", inputs, seed, offsets=iter(lambda: int(rng.integers(OFFSETS)) * 16, -1))

    def time(self, calls: int) -> Timing:
        """A timing on the inputs held, by the host's own clock."""
        seconds, device, put_aside = self._ask("time", calls)
        return seconds, device, put_aside

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
