"""Code that lives elsewhere: all that a table and a launch ask of it.

A variant's ``host`` says where it lives, as ``labkit.measure.against`` does it; None is here. What lives here and yet can't share
a process with others is ``Apart``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeGuard

from labkit.core.registry import registry
from labkit.engines.arm import ArmName
from labkit.measure.schedule import Plan, Timing
from labkit.processes.hosted import ForkedHost, HostedCall


class RemoteCall(Protocol):
    """An arm's callable that runs in another process, ``pid``; ``seconds`` is how long its last call took there."""

    pid: int
    seconds: float

    def __call__(self, *inputs: Any) -> Any: ...

    def hold(self, inputs: tuple[Any, ...], seed: int) -> None:
        """Hand over the inputs to be timed on, each array displaced as :func:`labkit.measure.launch.displaced` does it."""

    def refill(self, inputs: tuple[Any, ...]) -> None:
        """Hand over other inputs, for the same buffers."""

    def time(self, calls: int, keep: bool = False) -> Timing:
        """A timing on the inputs held, by the clock over there; the last output is kept, if it is to be."""

    def output(self) -> Any:
        """The output that was kept."""

    def close(self) -> None:
        """Let the arm end what it has started."""


class Home(Protocol):
    """Where an arm lives in a launch that is not that launch's own process."""

    def execute(self) -> AbstractContextManager[Any]:
        """A process over there, which has ended when this context ends."""

    def open(self, process: Any, name: ArmName, workers: int) -> RemoteCall:
        """Make an arm ready in a process that was executed."""


class Elsewhere(Home, Protocol):
    """Where variants live that can't be imported here."""

    @property
    def today(self) -> Elsewhere | None:
        """Where the arms of today's code live in the same launches, so that both differ in nothing but code."""

    def probe(self, stage: str, arm: str, threads: int, edge_cases: bool) -> Any:
        """The task that finds what :class:`labkit.measure.probe.ProbeTask` does."""

    def plan(self, costs: Mapping[str, float], baseline: str, budget_s: float) -> Plan:
        """How the launches are spent on a table whose baseline lives here."""


@dataclass(frozen=True)
class Apart:
    """For an arm that leaves state of its process changed: a process of its own, forked before any arm has run."""

    stage: str

    def execute(self) -> AbstractContextManager[ForkedHost]:
        return ForkedHost()

    def open(self, process: ForkedHost, name: ArmName, workers: int) -> RemoteCall:
        return HostedCall(process, self.stage, str(name), workers)


def home_of(stage: str, arm: str) -> Elsewhere | None:
    """Where an arm's code lives; None: here."""
    home: Elsewhere | None = registry.variant(stage, ArmName.parse(arm).variant).host
    return home


def home_in_launch(stage: str, name: ArmName) -> Elsewhere | None:
    """Where an arm lives in a launch: beside code from elsewhere today's lives in a process of its own as well."""
    homes = [variant.host for variant in registry.variants[stage].values() if variant.host is not None]
    return home_of(stage, name.variant) or next((home.today for home in homes), None)


def is_remote(call: Callable[..., Any]) -> TypeGuard[RemoteCall]:
    """Does this callable run in another process?"""
    return hasattr(call, "hold")
