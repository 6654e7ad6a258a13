"""The second half of a table: the arms that agree are timed in launches, with a look now and then."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from labkit.core.exam import Exam
from labkit.core.registry import registry
from labkit.measure.checking import State, failure, run_task
from labkit.measure.conclude import conclude, no_baseline
from labkit.measure.elsewhere import home_of
from labkit.measure.launch import LaunchTask
from labkit.measure.limit import LIMIT, limit_cost
from labkit.measure.old_answers import old_answers
from labkit.measure.probe import HandOverTask
from labkit.measure.request import Listener, Settings
from labkit.measure.result import Status, Table
from labkit.measure.schedule import Plan, plan_table
from labkit.measure.statistics import plan_looks
from labkit.processes.fleet import Command, Fleet, ParentLost
from labkit.processes.parent import Limits

ROOM_FOR_ANSWERS = 0.25  # of the memory limit: for answers and other content in all processes that hold them
NOT_LOOKED_AT = (
    "outputs of timed calls were not looked at: the answer is too large, or can't be handed to another process"
)
ENOUGH_ATTEMPTS = 3


def launch_all(
    fleet: Fleet, table: Table, state: State, exam: dict[str, Any], settings: Settings, listener: Listener
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


def _largest(state: State, plan: Plan) -> int:
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
    state: State,
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


def _without(arm: str, plan: Plan, state: State, status: Status, reason: str) -> Plan:
    """The plan for those who are left."""
    state.rows[arm].fail(status, reason)
    return replace(plan, every={other: step for other, step in plan.every.items() if other != arm})
