"""Arms that live in hosts: how a launch or probe executes one, of today's tree or of a revision's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from labkit.engines.arm import ArmName
from labkit.measure.against.probe import HostedProbe, plan_beside
from labkit.measure.schedule import Plan
from labkit.processes.hosted import ExecutedHost, HostedCall


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
    def execute(self) -> Iterator[ExecutedHost]:
        """A host, which has ended when this context ends."""
        with ExecutedHost(self.python) as process:
            process.tell("prepare", list(self.first), list(self.last), self.brought, self.module, self.stage)
            yield process

    def open(self, process: ExecutedHost, name: ArmName, workers: int) -> HostedCall:
        """Make one of the stage's arms ready in a host that was executed."""
        process.prepared()
        return HostedCall(
            process, self.stage, str(replace(name, variant=name.variant.removesuffix(self.suffix))), workers
        )
