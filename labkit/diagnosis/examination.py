"""What ``labkit doctor`` does: the machine and the self-test, or the machine and a stage's variants, as one document."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from labkit.core.errors import UsageError
from labkit.core.registry import registry
from labkit.diagnosis.finding import Finding, Level
from labkit.diagnosis.machine import judge, machine_conditions
from labkit.diagnosis.record import Entry, entries, tellable, worst
from labkit.diagnosis.selftest import judge_self_test, self_test
from labkit.diagnosis.variant import examine
from labkit.engines.arm import ArmName
from labkit.measure.bench import DEFAULT_BUDGET_S, make_settings, plan_requests, wanted_of
from labkit.measure.checking import new_row
from labkit.measure.machine import machine_facts
from labkit.measure.request import Listener, Request, Settings
from labkit.measure.result import Status
from labkit.measure.surroundings import Reading, between
from labkit.processes.fleet import Fleet
from labkit.processes.lock import Holder, MeasurementLock, tell_on_stderr
from labkit.processes.stop import Stop

SCHEMA = 1


def diagnosis(
    stage: str | None = None,
    variants: Sequence[str] | None = None,
    workloads: Sequence[str] | None = None,
    budget_s: float | None = None,
    threads: int | None = None,
    seed: int | None = None,
    listener: Listener | None = None,
) -> dict[str, Any]:
    """Everything that was looked at, in the shape of JSON: facts of the machine, the self-test, findings, arms examined.

    Ctrl-C keeps what is done. Raises UsageError for what does not exist or does not fit together.
    """
    requests = _requests(stage, variants, workloads, budget_s)
    settings = make_settings(DEFAULT_BUDGET_S if budget_s is None else budget_s, threads, seed)
    listener = listener or Listener()
    waited_for: list[Holder] = []

    def tell(holder: Holder | None) -> None:
        tell_on_stderr(holder)
        if holder is not None:
            waited_for.append(holder)

    found: list[Entry] = []
    document: dict[str, Any] = {"self_test": None, "examined": [], "stopped": False}
    with MeasurementLock(f"{stage}, for the doctor" if stage else "the machine, for the doctor", tell):
        started, begin = datetime.now(UTC).isoformat(timespec="milliseconds"), time.perf_counter()
        machine = machine_facts() | machine_conditions()
        machine["turn"] = {"holder": str(waited_for[0]) if waited_for else None}
        if stage is None:
            before = Reading.take()
            tested = self_test(settings, listener)
            # Steal shows only where there is work to do, as there was now.
            machine["during"]["steal_share"] = between(before, Reading.take())["steal_share"]
            document |= {"self_test": tested.as_dict(), "stopped": tested.stopped}
            found += entries([*judge(machine), *judge_self_test(tested)])
        else:
            judged = judge(machine)
            found += entries(judged)
            try:
                for looked, findings in _examine(requests, settings, listener):
                    document["examined"].append(looked)
                    found += entries(tellable(findings, judged), looked["stage"], looked["workload"])
            except KeyboardInterrupt:
                document["stopped"] = True
    head = {"schema": SCHEMA, "started": started, "wall_s": time.perf_counter() - begin}
    facts = {
        "machine": machine,
        "settings": {"budget_s": settings.budget_s, "threads": settings.threads, "seed": settings.seed},
    }
    return head | facts | document | {"healthy": worst(found) is not Level.WARNING, "doctor": found}


def _requests(
    stage: str | None, variants: Sequence[str] | None, workloads: Sequence[str] | None, budget_s: float | None
) -> list[Request]:
    """The arms that are to be examined, on each workload; the stage's first workload when none is named."""
    if stage is None:
        for option, given in (("variants", variants), ("workloads", workloads)):
            if given is not None:
                raise UsageError(f"{option} is {', '.join(given)!r} without a stage; name the stage that has them")
        return []
    if budget_s is not None:
        raise UsageError(f"budget is {budget_s!r}, but it is the self-test's, and a stage is looked at without one")
    if workloads is None:
        workloads = [next(iter(registry.stage(stage).workloads))]
    requests = plan_requests([stage], variants, workloads)
    asked = None if variants is None else {ArmName.parse(text) for text in variants}
    return [
        replace(r, arms=tuple(arm for arm in _every_arm(r) if asked is None or arm in asked), engines=())
        for r in requests
    ]


def _every_arm(request: Request) -> list[ArmName]:
    """Each kernel under each engine too: what misleads under one may be sound under another."""
    return [*request.arms, *(replace(arm, engine=engine) for arm in request.kernels() for engine in request.engines)]


def _examine(
    requests: Sequence[Request], settings: Settings, listener: Listener
) -> Iterator[tuple[dict[str, Any], list[Finding]]]:
    """For each workload which arms were looked at (with a ``reason`` those that could not be), and what was found."""
    rng = np.random.default_rng([settings.seed, 1])
    with Stop() as stop, Fleet(settings.threads, rng, wanted_of(requests), launchers=0) as fleet:
        try:
            for request in requests:
                rows = {arm: new_row(request.stage, request.workload, arm) for arm in request.arms}
                able = [arm for arm, row in rows.items() if row.status is not Status.UNAVAILABLE]
                listener.table_begins(request.stage, request.workload, len(able))
                findings = examine(fleet, request.stage, request.workload, able, settings, listener)
                arms = [{"arm": str(arm), "reason": row.reason} for arm, row in rows.items()]
                yield {"stage": request.stage, "workload": request.workload, "arms": arms}, findings
        except KeyboardInterrupt:
            stop.ask()  # so that the fleet leaves in a hurry
            raise
