"""An arm that lives in a host, before it is timed: its probe, and the plan of its launches."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from labkit.core.errors import NotOffered
from labkit.core.exam import Exam
from labkit.core.gate import first_fault
from labkit.core.parts import copied, settled
from labkit.core.registry import registry
from labkit.engines.arm import ArmName
from labkit.measure.elsewhere import Elsewhere
from labkit.measure.limit import LIMIT
from labkit.measure.probe import LONG_CALL_S, LONG_ENOUGH_S, Send, fault_beside
from labkit.measure.schedule import FEWEST_LAUNCHES, SHORTEST_SAMPLE_S, Plan, calls_for, plan_table
from labkit.processes import charge
from labkit.processes.tasks import threads_used


@dataclass(frozen=True)
class HostedProbe:
    """Finds what :class:`labkit.measure.probe.ProbeTask` does, as far as it can be seen from here.

    Earlier code answers what today's reference has answered. What it does to its inputs stays in its own process; its set-up
    and memory there would be no match for those of variants that are probed here, and are not told.
    """

    host: Elsewhere
    stage: str
    arm: str
    threads: int
    edge_cases: bool = True

    def run(self, held: Mapping[str, Any], send: Send, mark: Any) -> None:
        exam: Exam = held["exam"]
        stage = registry.stage(self.stage)
        used = copied(exam.inputs)
        charge.current.nothing_else()  # executing a process and importing there is no call
        with self.host.execute() as process:
            call = self.host.open(process, ArmName.parse(self.arm), self.threads)
            send("beside", call.pid)
            charged = charge.current.to(call)
            try:
                output = settled(charged(*used))
            except NotOffered as error:
                send("not_offered", str(error))
                return
            send("first_call_s", call.seconds)
            costs: list[float] = []
            before, start = _run_times(call.pid), time.perf_counter()
            while not costs or time.perf_counter() - start < LONG_ENOUGH_S:
                charged(*used)
                costs.append(call.seconds)
            send("threads", threads_used(before, _run_times(call.pid)))
            short = held.get("short") if min(costs) > LONG_CALL_S else None
            notes: list[str] = []
            fault = first_fault(charged, exam, stage.agreement, output, used, short, notes.append)
            send("fault", fault)
            if self.edge_cases and not fault:
                send("edge_fault", fault_beside(charged, held, stage, min(costs), notes.append))
            send("notes", notes)
            send("starts_no_thread", False)  # nothing is prepared for it here
            send("cost_s", min(costs))
            call.close()


def plan_beside(costs: Mapping[str, float], baseline: str, budget_s: float) -> Plan:
    """A plan for code beside its earlier self: both come in every round, with as many calls to a sample.

    However slow one of them has become, it is measured: a budget too small is stretched.

    A host that is asked wakes up first, which takes some microseconds and leaves its caches cold. With 9 calls to a sample of
    the one and 7 of the other, the very same 14 µs looked 5 % faster.
    """
    plan = plan_table(costs, baseline, max(budget_s, 1.5 * FEWEST_LAUNCHES * sum(costs.values())))
    calls = max(calls_for(SHORTEST_SAMPLE_S, cost) for arm, cost in costs.items() if arm != LIMIT)
    return replace(
        plan,
        every={arm: step if arm == LIMIT else 1 for arm, step in plan.every.items()},
        batch={arm: batch if arm == LIMIT else calls for arm, batch in plan.batch.items()},
    )


def _run_times(process: int) -> dict[str, int]:
    """Nanoseconds on a CPU so far, of each thread of a process."""
    folder = Path(f"/proc/{process}/task")
    return {task.name: int((task / "schedstat").read_text().split()[0]) for task in folder.iterdir()}
