"""Profile arms of a stage in a process of their own: a variant that crashes or hangs costs an error, not the notebook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from labkit.core.errors import UsageError, VariantFailed
from labkit.core.registry import registry
from labkit.engines.arm import ArmName
from labkit.measure.bench import make_settings, plan_requests, wanted_of
from labkit.measure.checking import failure
from labkit.measure.machine import machine_facts
from labkit.measure.provenance import provenance
from labkit.processes.fleet import Fleet, ParentLost
from labkit.processes.lock import MeasurementLock
from labkit.processes.parent import Limits, Outcome
from labkit.profiling.profile import Profile, function_source, make_profile
from labkit.profiling.sources import cell_sources
from labkit.profiling.task import MOST_CALLS, ProfileTask, Recorded
from labkit.profiling.traced import to_be_built

DEFAULT_BUDGET_S = 3.0
PATIENCE_S = 300.0  # an interpreted or traced loop may take a thousand times as long as the compiled one


def profile_arms(
    stage: str,
    arms: Sequence[str],
    workload: str | None = None,
    *,
    budget_s: float = DEFAULT_BUDGET_S,
    calls: int | None = None,
    threads: int | None = None,
    seed: int | None = None,
    tell: Callable[[str], None] | None = None,
) -> list[Profile]:
    """Line profiles of arms (``naive``, ``native@threads``) of one stage, all taken in one process in rounds of random order.

    Parameters
    ----------
    workload : the stage's first when None. budget_s : seconds to spend on rounds. calls : exactly that many recorded
        calls an arm instead. threads, seed : as for a measurement. tell : is told, once all is known to be right, what
        will take its time.

    Raises
    ------
    UsageError : something named does not exist, can't run here, or a number is out of range.
    VariantFailed : a variant raised, crashed, hung or took too much memory.
    """
    name = workload or next(iter(registry.stage(stage).workloads))
    registry.stage(stage).workload(name)
    wanted = wanted_of(plan_requests([stage], list(arms), [name]))
    for arm in arms:
        reason = registry.variant(stage, ArmName.parse(arm).variant).unavailable()
        if reason:
            raise UsageError(f"{stage}/{arm} can't run here: {reason}")
    if calls is not None and (not isinstance(calls, int) or not 1 <= calls <= MOST_CALLS):
        raise UsageError(f"calls is {calls!r}; give a whole number from 1 to {MOST_CALLS}")
    patience = PATIENCE_S + budget_s if calls is None else PATIENCE_S * (calls + 1)
    settings = make_settings(budget_s, threads, seed, time_limit_s=patience)
    unique = tuple(dict.fromkeys(str(ArmName.parse(arm)) for arm in arms))
    task = ProfileTask(stage, name, unique, budget_s, calls, settings.threads, settings.seed, cell_sources())
    if tell:
        for arm in unique:
            tell(_announcement(stage, arm, name))
    try:
        rng = np.random.default_rng([settings.seed, 1])
        with (
            MeasurementLock(f"{stage} on {name}, line by line"),
            Fleet(settings.threads, rng, wanted, launchers=0) as fleet,
        ):
            outcome = fleet.clean.run(task, Limits(settings.time_limit_s, settings.memory_limit))
    except ParentLost as lost:
        raise VariantFailed(f"{stage}/{unique[0]} on {name}: {lost}") from lost
    if outcome.ending != "done":
        arm = unique[outcome.running] if 0 <= outcome.running < len(unique) else unique[0]
        raise VariantFailed(f"{stage}/{arm} on {name} {failure(outcome, settings)[1]}")
    machine = machine_facts(provenance(wanted))
    facts = {"machine": machine, "threads": settings.threads, "seed": settings.seed, "budget_s": budget_s}
    made = {arm: _profile(stage, name, arm, outcome, facts) for arm in unique}
    return [made[str(ArmName.parse(arm))] for arm in arms]


def _announcement(stage: str, arm: str, workload: str) -> str:
    """What is to come, and why it may take long: nothing more is heard until it is done."""
    name = ArmName.parse(arm)
    variant = registry.variant(stage, name.variant)
    text = f"profiling {stage}/{arm} on {workload}: four calls at least"
    if variant.kind == "numba":
        return f"{text}; Numba's functions run as plain Python, perhaps a thousand times as long"
    if name.engine is None and to_be_built(variant):
        return f"{text}; first a build with line tracing, once"
    return text


def _profile(stage: str, workload: str, arm: str, outcome: Outcome, facts: dict[str, Any]) -> Profile:
    recorded: Recorded = outcome.found["profiles"][arm]
    sources = {key: function_source(key) for key in recorded.findings.lines}
    kind = registry.variant(stage, ArmName.parse(arm).variant).kind
    return make_profile(stage, workload, arm, kind, recorded, sources, facts)
