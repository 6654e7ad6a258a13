"""Measuring one stage on one workload: probes first, then launches, with a look now and then."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from labkit.core.exam import Exam
from labkit.core.fault import Fault
from labkit.core.gate import MEANT
from labkit.core.protected import WRITES
from labkit.core.registry import registry
from labkit.engines import STARTS_PROCESSES, engine_missing
from labkit.engines.arm import ArmName
from labkit.measure.conclude import conclude, no_baseline, tell_what_cannot_be
from labkit.measure.elsewhere import home_of
from labkit.measure.expected import Expected
from labkit.measure.launch import LaunchTask
from labkit.measure.limit import LIMIT, limit_cost
from labkit.measure.old_answers import old_answers
from labkit.measure.probe import EdgeCasesTask, ExamTask, HandOverTask, ProbeTask
from labkit.measure.result import Row, Samples, Status, Table
from labkit.measure.schedule import FEWEST_LAUNCHES, Plan, plan_table
from labkit.measure.statistics import Verdict, plan_looks
from labkit.measure.watch import Seen
from labkit.processes.fleet import Command, Fleet, Parent, ParentLost
from labkit.processes.parent import UNCHARGED_TIMES, Limits, Outcome, Task

DEFAULT_TIME_LIMIT_S = 60.0
WORTH_WARMING_S = 0.03  # a first call that much dearer than the next has compiled or imported something
LONG_COMPILE_S, MUCH_LONGER = 3.0, 10.0  # seconds of a first call, and times a later one, that are worth a note
ROOM_FOR_ANSWERS = 0.25  # of the memory limit: for answers and other content in all processes that hold them
NOT_LOOKED_AT = (
    "outputs of timed calls were not looked at: the answer is too large, or can't be handed to another process"
)
ENOUGH_ATTEMPTS = 3
UNASKED = "of all kernels only this one, the quickest here, came under engines; another does when it is named"


@dataclass(frozen=True)
class Settings:
    """How to measure: measuring seconds a table, threads, the seed of every random choice, and what is too much.

    ``time_limit_s`` ends a variant that hangs: all calls of its check together may take as long; what
    the check itself takes is not charged to it. ``memory_limit`` ends one
    whose process tree holds more bytes than that. ``together`` tables share the error of their verdicts: each claim of any
    of them is one of a single family. ``pictures`` are to be made of the best variant of each stage, to be kept.
    """

    budget_s: float
    threads: int
    seed: int
    time_limit_s: float = DEFAULT_TIME_LIMIT_S
    memory_limit: int | None = None
    together: int = 1
    pictures: bool = False


@dataclass(frozen=True)
class Request:
    """One table to be measured: these arms and, of the kernels among them, the quickest under each of ``engines`` too."""

    stage: str
    workload: str
    arms: tuple[ArmName, ...]
    baseline: str
    engines: tuple[str, ...] = ()

    def under_engines(self, costs: Mapping[str, float]) -> list[ArmName]:
        """The further arms, once it is known what a warm call costs: ``costs`` in seconds, by arm.

        Which kernel is the quickest is settled by the probes, before a launch has begun, so that no verdict rests on figures
        which that choice was made by.
        """
        fit = [arm for arm in self.kernels() if str(arm) in costs]
        if not fit:
            return []
        quickest = min(fit, key=lambda arm: costs[str(arm)])
        arms = [replace(quickest, engine=engine) for engine in self.engines]
        return [arm for arm in arms if arm not in self.arms]

    def kernels(self) -> list[ArmName]:
        """The arms that could come under an engine."""
        variants = registry.of(self.stage)
        return [arm for arm in self.arms if arm.engine is None and variants[arm.variant].partial is not None]


class Listener:
    """Hears how a measurement proceeds. The methods do nothing here; a progress bar overrides them."""

    def begins(self, arms: Sequence[int], expected: Expected) -> None:
        """Before the first table: how many arms each table has, and how long all is going to take."""

    def table_begins(self, stage: str, workload: str, arms: int) -> None:
        """``arms`` are to be checked; fewer, where no kernel is fit to come under engines."""

    def probed(self, row: Row) -> None: ...
    def planned(self, table: Table, plan: Plan, budget_s: float) -> None:
        """Before the first launch: how the budget is laid out, which arms are too slow for it, and what would take them in."""

    def launched(self, done: int, planned: int) -> None: ...
    def so_far(self, table: Table) -> None:
        """After each launch the table itself, to be read only: its samples, and rows without figures of theirs yet.

        :func:`labkit.measure.conclude.provisional` says what they come to so far.
        """

    def table_ends(self, table: Table) -> None: ...
    def pictures_begin(self, table: Table) -> None:
        """Pictures of a table's best variant are made, after its end; they take a moment."""


class Stopped(Exception):
    """The user stopped the run; ``table`` holds what was done."""

    def __init__(self, table: Table) -> None:
        super().__init__("stopped")
        self.table = table


@dataclass
class _State:
    """What is known so far about each arm of the table."""

    rows: dict[str, Row]
    costs: dict[str, float] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    untested: set[str] = field(default_factory=set)
    modules: list[str] = field(default_factory=list)
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


def measure_table(
    fleet: Fleet, request: Request, edge_cases: EdgeCases, settings: Settings, listener: Listener
) -> Table:
    """Check every arm, time those that agree with the reference, and say which is faster.

    Raises Stopped, with the table so far, on Ctrl-C.
    """
    stage, workload, baseline = request.stage, request.workload, request.baseline
    state = _begun(request, listener)
    rows = state.rows
    table = Table(stage, workload, baseline, list(rows.values()), Samples((*rows, LIMIT)), seen=state.seen)
    too_slow_s = math.inf if home_of(stage, baseline) else settings.budget_s / FEWEST_LAUNCHES
    try:
        exam = _exam(fleet, request, edge_cases, rows, settings)
        if exam is not None:
            for arm in _arms(request, state):
                if str(arm) not in table.samples.arms:
                    table.rows, table.samples = list(rows.values()), Samples((*rows, LIMIT))
                    table.facts["under_engines"] = arm.variant
                _probe(fleet, stage, arm, edge_cases, state, settings, math.inf if str(arm) == baseline else too_slow_s)
                listener.probed(rows[str(arm)])
            _launch_all(fleet, table, state, exam, settings, listener)
    except KeyboardInterrupt:
        table.facts["stopped"] = True
        for row in rows.values():
            if row.status is Status.MEASURED and row.first_call_s is None:
                row.status, row.reason = Status.UNAVAILABLE, "stopped before it was tried"
        conclude(table, state.sound(), stopped=True)
        tell_what_cannot_be(table)
        listener.table_ends(table)
        raise Stopped(table) from None
    except ParentLost as lost:
        for name in state.sound():
            rows[name].verdict, rows[name].reason = Verdict.UNRESOLVED, str(lost)
    tell_what_cannot_be(table)
    listener.table_ends(table)
    return table


def check_table(
    fleet: Fleet, request: Request, edge_cases: EdgeCases, settings: Settings, listener: Listener
) -> list[Row]:
    """The agreement gate alone, on one workload and the stage's edge cases; the rows have no timings but the first call."""
    state = _begun(request, listener)
    tried: set[str] = set()
    try:
        if _exam(fleet, request, edge_cases, state.rows, settings) is not None:
            for arm in _arms(request, state):
                _probe(fleet, request.stage, arm, edge_cases, state, settings, math.inf)
                if arm not in request.arms:
                    state.rows[str(arm)].tell(UNASKED)
                tried.add(str(arm))
                listener.probed(state.rows[str(arm)])
    except ParentLost as lost:
        for name in state.rows.keys() - tried:
            state.rows[name].status, state.rows[name].reason = Status.UNAVAILABLE, str(lost)
    return list(state.rows.values())


def _begun(request: Request, listener: Listener) -> _State:
    listener.table_begins(request.stage, request.workload, len(request.arms) + len(request.engines))
    return _State({str(arm): new_row(request.stage, request.workload, arm) for arm in request.arms})


def _arms(request: Request, state: _State) -> Iterator[ArmName]:
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


def _exam(
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


def _probe(
    fleet: Fleet,
    stage: str,
    arm: ArmName,
    edge_cases: EdgeCases,
    state: _State,
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
        if found["starts_no_thread"] and arm.engine not in STARTS_PROCESSES:
            state.modules += registry.variant(stage, arm.variant).requires
            if found["first_call_s"] - found["cost_s"] > WORTH_WARMING_S:
                state.warm.append(str(arm))


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


def _launch_all(
    fleet: Fleet, table: Table, state: _State, exam: dict[str, Any], settings: Settings, listener: Listener
) -> None:
    """Run the launches of the plan, stopping at a look that has decided everything."""
    baseline = table.baseline
    if state.rows[baseline].status is not Status.MEASURED or baseline not in state.costs:
        no_baseline(table, state.sound())
        return
    costs = {arm: state.costs[arm] for arm in state.sound()}
    floor_bytes = exam["floor_bytes"]
    if floor_bytes is not None:
        costs[LIMIT] = limit_cost(floor_bytes)
    home = home_of(table.stage, baseline)
    if home is not None:
        plan = home.plan(costs, baseline, settings.budget_s)
    else:
        plan = plan_table(costs, baseline, settings.budget_s, state.untested)
    for arm, needed in plan.too_slow.items():
        if arm == LIMIT:
            continue
        reason = f"one call takes {costs[arm]:.2g} s: a budget of {math.ceil(needed)} s would take it in"
        state.rows[arm].fail(Status.TOO_SLOW, reason)
    listener.planned(table, plan, settings.budget_s)
    warm = [
        ("warm", table.stage, arm, settings.threads) for arm in state.warm if arm in plan.every.keys() - state.apart
    ]
    if home is not None:  # then each arm lives in a process that is executed for each launch
        warm = []
    held = {"exam": _handed_over(fleet, table, settings)}
    orders: tuple[Command, ...] = (("hold", held), ("import", state.modules), *warm)
    table.looks = plan_looks(plan.launches)
    family = max(1, len([arm for arm in plan.every if arm not in (baseline, LIMIT)])) * settings.together
    table.facts |= {"planned_launches": plan.launches, "slice_s": plan.slice_s, "family": family}
    table.facts["items"] = exam["items"] if registry.stage(table.stage).items else None
    table.facts |= {"floor_bytes": floor_bytes, "input_bytes": exam["input_bytes"]}
    if registry.stage(table.stage).workload(table.workload).storage == "disk":
        table.disk_files = exam["input_files"]
    on_gpu = any(state.rows[arm].kind == "gpu" for arm in plan.every if arm != LIMIT)
    rng = np.random.default_rng([settings.seed, *map(ord, table.stage + table.workload)])
    if not on_gpu:
        fleet.settle(
            *orders, at_once=len(fleet.launchers) * _largest(state, plan) < (settings.memory_limit or math.inf)
        )
    for number in range(plan.launches):
        launcher = fleet.launchers[number % len(fleet.launchers)]
        if on_gpu:  # a driver's state does not survive a fork: each launch gets a parent executed for it alone
            fleet.tell(fleet.replace(launcher), *orders)
        plan = _one_launch(fleet, table, state, plan, number, floor_bytes, settings, rng)
        for arm in state.sound():
            if fault := old_answers(table.samples.launches, arm):
                plan = _without(arm, plan, state, Status.DIFFERS, fault)
        if baseline not in plan.every:
            break
        listener.launched(number + 1, plan.launches)
        listener.so_far(table)
        done = len(table.samples.launches)
        if done in table.looks:
            table.facts["look"] = table.looks.index(done)
            if conclude(table, state.sound()):
                break
    conclude(table, state.sound())


def _largest(state: _State, plan: Plan) -> int:
    """The most bytes that an arm took which launchers are to call before they fork."""
    return max((state.rows[arm].peak_bytes or 0 for arm in state.warm if arm in plan.every), default=0)


def _handed_over(fleet: Fleet, table: Table, settings: Settings) -> Exam:
    """The exam that the clean parent keeps; raises ParentLost where it can't be had."""
    limits = Limits(10 * settings.time_limit_s, settings.memory_limit)
    holders = len(fleet.launchers) + 1
    most_bytes = (settings.memory_limit or math.inf) * ROOM_FOR_ANSWERS / holders
    outcome = run_task(fleet, fleet.clean, HandOverTask(most_bytes), limits)
    if "handed_over" not in outcome.found:
        why = failure(outcome, settings)[1]
        raise ParentLost(f"the inputs of {table.stage} on {table.workload} can't be handed over: it {why}")
    exam: Exam = outcome.found["handed_over"]
    if exam.manners is None:
        next(row for row in table.rows if row.arm == table.baseline).tell(NOT_LOOKED_AT)
    return exam


def _one_launch(
    fleet: Fleet,
    table: Table,
    state: _State,
    plan: Plan,
    number: int,
    floor_bytes: int | None,
    settings: Settings,
    rng: np.random.Generator,
) -> Plan:
    """Run one launch; an arm that crashes in it is left out of the plan that comes back, and the launch is repeated.

    So it is with one whose output is wrong, and with one that was seen to leave state changed, which is then set apart; beside
    such a baseline all are apart alike.
    """
    for _ in range(ENOUGH_ATTEMPTS + len(plan.every)):
        seed = int(rng.integers(2**32))
        arms = tuple(plan.every)
        apart = frozenset(arms) if table.baseline in state.apart else frozenset(state.apart)
        task = LaunchTask(table.stage, arms, plan, floor_bytes, settings.threads, seed, apart, state.watchful)
        warm_up = sum(max(state.costs[arm], state.rows[arm].first_call_s or 0.0) for arm in arms if arm != LIMIT)
        limits = Limits(settings.time_limit_s + 10 * (plan.slice_s + warm_up), settings.memory_limit)
        index = number % len(fleet.launchers)
        outcome = run_task(fleet, fleet.launchers[index], task, limits)
        if "left" in outcome.found:
            state.watchful |= not outcome.found["left"]
            for arm, names in outcome.found["left"].items():
                state.leaves(arm, names)
            continue
        guilty, fault = outcome.found.get("wrong", (None, ""))
        if fault and guilty is None:
            state.watchful = True
            continue
        if outcome.ending == "done" and not fault:
            facts = outcome.found["facts"] | {"launch": number, "parent": index, "seed": seed}
            facts |= {"overhead_s": outcome.wall_s - facts.pop("timed_s") - facts.pop("warm_up_s")}
            table.samples.launches.append(facts | {"arms": arms, "samples": outcome.found["samples"]})
            return plan
        if guilty is None and 0 <= outcome.running < len(arms) and arms[outcome.running] != LIMIT:
            guilty = arms[outcome.running]
        if guilty is not None:
            plan = _without(guilty, plan, state, *((Status.DIFFERS, fault) if fault else failure(outcome, settings)))
            if guilty == table.baseline:
                return plan
    raise ParentLost(f"launches of {table.stage} on {table.workload} keep failing: {outcome.ending} {outcome.detail}")


def _without(arm: str, plan: Plan, state: _State, status: Status, reason: str) -> Plan:
    """The plan for those who are left."""
    state.rows[arm].fail(status, reason)
    return replace(plan, every={other: step for other, step in plan.every.items() if other != arm})


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
