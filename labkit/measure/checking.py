"""The first half of a table: each arm is checked and probed in a process of its own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labkit.core.fault import Fault
from labkit.core.gate import MEANT
from labkit.core.protected import WRITES
from labkit.core.registry import registry
from labkit.engines import STARTS_PROCESSES, engine_missing
from labkit.engines.arm import ArmName
from labkit.measure.elsewhere import home_of
from labkit.measure.probe import EdgeCasesTask, ExamTask, ImportTask, ProbeTask
from labkit.measure.request import Listener, Request, Settings
from labkit.measure.result import Row, Status
from labkit.measure.watch import Seen
from labkit.processes.fleet import Fleet, Parent, ParentLost
from labkit.processes.parent import UNCHARGED_TIMES, Limits, Outcome, Task

WORTH_WARMING_S = 0.03  # a first call that much dearer than the next has compiled or imported something
LONG_COMPILE_S, MUCH_LONGER = 3.0, 10.0  # seconds of a first call, and times a later one, that are worth a note
UNASKED = "of all kernels only this one, the quickest here, came under engines; another does when it is named"


@dataclass
class State:
    """What is known so far about each arm of the table."""

    rows: dict[str, Row]
    costs: dict[str, float] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    untested: set[str] = field(default_factory=set)
    modules: list[str] = field(default_factory=list)  # that launchers import, so that launches need not
    warm: list[str] = field(default_factory=list)
    apart: set[str] = field(default_factory=set)
    watchful: bool = False

    def leaves(self, arm: str, names: Sequence[str]) -> None:
        """An arm leaves so much of its process's state changed: it is timed in one of its own, and its row says so."""
        if names and arm not in self.apart:
            self.apart.add(arm)
            self.rows[arm].tell(
                f"leaves its process changed ({', '.join(names)}): timed in one of its own, so that no other pays"
            )

    def sound(self) -> list[str]:
        return [arm for arm in self.costs if self.rows[arm].status is Status.MEASURED]


@dataclass
class EdgeCases:
    """What a run knows of edge cases: whose the clean parent keeps, and what is wrong with each (stage, arm) tried on them.

    So the reference answers them once a stage, and each arm is tried on them once a run, however many workloads there are.
    """

    stage: str | None = None
    faults: dict[tuple[str, str], str | None] = field(default_factory=dict)


def check_table(
    fleet: Fleet, request: Request, edge_cases: EdgeCases, settings: Settings, listener: Listener
) -> list[Row]:
    """The agreement gate alone, on one workload and the stage's edge cases; the rows have no timings but the first call."""
    state = begun(request, listener)
    tried: set[str] = set()
    try:
        if exam_of(fleet, request, edge_cases, state.rows, settings) is not None:
            for arm in arms_of(request, state):
                probe(fleet, request.stage, arm, edge_cases, state, settings, math.inf)
                if arm not in request.arms:
                    state.rows[str(arm)].tell(UNASKED)
                tried.add(str(arm))
                listener.probed(state.rows[str(arm)])
    except ParentLost as lost:
        for name in state.rows.keys() - tried:
            state.rows[name].status, state.rows[name].reason = Status.UNAVAILABLE, str(lost)
    return list(state.rows.values())


def begun(request: Request, listener: Listener) -> State:
    listener.table_begins(request.stage, request.workload, len(request.arms) + len(request.engines))
    return State({str(arm): new_row(request.stage, request.workload, arm) for arm in request.arms})


def arms_of(request: Request, state: State) -> Iterator[ArmName]:
    """The arms to be probed: those of the request, and when these have been, what the quickest kernel adds, with new rows."""
    yield from request.arms
    added = request.under_engines({arm: state.costs[arm] for arm in state.sound()})
    state.rows |= {str(arm): new_row(request.stage, request.workload, arm) for arm in added}
    yield from added


def new_row(stage: str, workload: str, arm: ArmName) -> Row:
    """What is known of an arm before it is tried: whether it can run here at all."""
    variant = registry.variant(stage, arm.variant)
    row = Row(stage, workload, arm.variant, variant.kind, arm.under)
    reason = variant.unavailable() or (engine_missing(arm.engine) if arm.engine else None)
    if reason:
        row.status, row.reason = Status.UNAVAILABLE, reason
    return row


def exam_of(
    fleet: Fleet, request: Request, edge_cases: EdgeCases, rows: Mapping[str, Row], settings: Settings
) -> dict[str, Any] | None:
    """Facts of the inputs, which the clean parent keeps with the reference's answers to them and to the edge cases.

    None, with a reason in every row, if there are no answers.
    """
    limits = Limits(10 * settings.time_limit_s, settings.memory_limit)
    first = edge_cases.stage != request.stage
    draw = settings.seed if first else None
    tasks: list[Task] = [ExamTask(request.stage, request.workload, settings.threads, draw)]
    if first:
        tasks.insert(0, EdgeCasesTask(request.stage, settings.threads))
    found: dict[str, Any] = {}
    for task in tasks:
        outcome = run_task(fleet, fleet.clean, task, limits)
        if outcome.ending != "done":
            status, why = failure(outcome, settings)
            reference = registry.stage(request.stage).reference
            for arm, row in rows.items():
                row.status, row.reason = (
                    Status.UNAVAILABLE,
                    f"no answer to compare with: the reference or its workload {why}",
                )
                if arm == reference:
                    row.status = status
            return None
        found |= outcome.found
    edge_cases.stage = request.stage
    asked = rows.get(registry.stage(request.stage).reference) or next(iter(rows.values()))
    for note in found["notes"]:
        asked.tell(note)
    return found


def probe(
    fleet: Fleet,
    stage: str,
    arm: ArmName,
    edge_cases: EdgeCases,
    state: State,
    settings: Settings,
    too_slow_s: float,
) -> None:
    """Fill in an arm's row from a process of its own."""
    row = state.rows[str(arm)]
    if row.status is Status.UNAVAILABLE:
        return
    limits = Limits(settings.time_limit_s, settings.memory_limit, watch_memory=True)
    home = home_of(stage, str(arm))
    untried = (stage, str(arm)) not in edge_cases.faults
    task: Task = ProbeTask(stage, str(arm), settings.threads, too_slow_s, untried)
    if home is not None:
        task = home.probe(stage, str(arm), settings.threads, untried)
    outcome = run_task(fleet, fleet.clean, task, limits)
    found = outcome.found
    row.setup_s, row.first_call_s = found.get("setup_s"), found.get("first_call_s")
    row.threads = (arm.workers or settings.threads) if arm.engine else found.get("threads")
    if found.get("memory_before") is not None and found.get("memory_after") is not None:
        peak = max(outcome.peak_at["memory_after"], found["memory_after"])
        row.peak_bytes = max(0, peak - found["memory_before"])
    if "edge_fault" in found:
        edge_cases.faults[stage, str(arm)] = found["edge_fault"]
    if found.get("protected") and outcome.detail in ("SIGSEGV", "SIGBUS"):
        outcome.ending, edge_cases.faults[stage, str(arm)] = "done", Fault(WRITES + MEANT, "changed_input")
    fault = found.get("fault") or edge_cases.faults.get((stage, str(arm)))
    if "seen" in found:
        state.seen[str(arm)] = found["seen"]
    if "not_offered" in found:
        row.status, row.reason = Status.UNAVAILABLE, found["not_offered"]
    elif outcome.ending != "done" and not _given_up(outcome):
        row.status, row.reason = failure(outcome, settings)
        if row.status is Status.TIMED_OUT:
            row.reason += "; a longer time limit lets it go on"
    elif fault:
        row.status, row.reason = Status.DIFFERS, fault
    elif found.get("too_slow"):
        state.costs[str(arm)] = found["cost_s"]
        state.untested.add(str(arm))
    else:
        state.costs[str(arm)] = found["cost_s"]
        for note in found["notes"]:
            row.tell(note)
        if note := compile_note(found["first_call_s"], found["cost_s"]):
            row.tell(note)
        state.leaves(str(arm), found.get("left", ()))
        if arm.engine not in STARTS_PROCESSES:
            worth = found["first_call_s"] - found["cost_s"] > WORTH_WARMING_S
            if found["starts_no_thread"]:
                state.modules += registry.variant(stage, arm.variant).requires
                if worth:
                    state.warm.append(str(arm))
            elif worth and row.kind != "gpu" and home is None:
                unknown = tuple(name for name in found["imported"] if name not in state.modules)
                state.modules += run_task(fleet, fleet.clean, ImportTask(unknown), limits).found.get("imported", ())


def _given_up(outcome: Outcome) -> bool:
    """Was the arm's second call waited for in vain, after a first one that was far too slow?"""
    return bool(outcome.found.get("too_slow")) and (outcome.ending == "timed_out" or outcome.detail == "SIGALRM")


def compile_note(first_call_s: float, cost_s: float) -> str | None:
    """What to do about a first call that took much longer than those after it."""
    if first_call_s < LONG_COMPILE_S or first_call_s < MUCH_LONGER * cost_s:
        return None
    return (
        f"its first call took {first_call_s:.2g} s, later ones {cost_s * 1e3:.2g} ms: what it compiles or loads is no part of "
        "its time; a cache (cache=True for Numba) saves the wait"
    )


def failure(outcome: Outcome, settings: Settings) -> tuple[Status, str]:
    if outcome.ending == "check_timed_out":
        return Status.UNAVAILABLE, (
            f"its check was given up: comparing what it gives took more than {UNCHARGED_TIMES * settings.time_limit_s:g} s, its "
            f"own calls within their limit; take a smaller workload, or a longer time limit"
        )
    if outcome.ending == "timed_out":
        return Status.TIMED_OUT, f"did not end within {settings.time_limit_s:g} s"
    if outcome.ending == "memory":
        limit = f" (limit {settings.memory_limit / 2**30:.1f} GiB)" if settings.memory_limit else ""
        return Status.CRASHED, f"took more memory than it may{limit}"
    words = {
        "signal": f"killed by {outcome.detail}",
        "raised": f"raised {outcome.detail}",
        "exit": f"ended with {outcome.detail}",
    }
    return Status.CRASHED, words[outcome.ending]


def run_task(fleet: Fleet, parent: Parent, task: Any, limits: Limits) -> Outcome:
    """Run a task; a parent that is lost meanwhile is replaced, and lost again over the same task it is the task's crash."""
    try:
        return parent.run(task, limits)
    except ParentLost:
        fresh = fleet.replace(parent)
    try:
        return fresh.run(task, limits)
    except ParentLost as lost:
        fleet.replace(fresh)
        return Outcome("exit", str(lost))
