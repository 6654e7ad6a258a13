"""A run: several stages × workloads measured with one fleet."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from labkit.core.cpus import cpu_limit
from labkit.core.errors import UsageError, listed
from labkit.core.registry import registry
from labkit.engines import ENGINES, check_engine
from labkit.engines.arm import ArmName
from labkit.measure.checking import EdgeCases, check_table
from labkit.measure.elsewhere import home_of
from labkit.measure.expected import Expected
from labkit.measure.machine import machine_facts
from labkit.measure.pictured import Pictures, of_best
from labkit.measure.provenance import provenance
from labkit.measure.request import DEFAULT_TIME_LIMIT_S, Listener, Request, Settings
from labkit.measure.result import Row, Table
from labkit.measure.surroundings import Reading, between, surroundings
from labkit.measure.table import Stopped, measure_table
from labkit.processes.fleet import Fleet, ParentLost
from labkit.processes.lock import MeasurementLock
from labkit.processes.memory import default_limit

DEFAULT_BUDGET_S = 10.0
LONGEST_BUDGET_S = 86_400.0
LONGEST_TIME_LIMIT_S = 1e6
MOST_THREADS = 1024


@dataclass
class Measurement:
    """What one call of :func:`measure` found: tables, the machine, the settings; ``stopped`` when the user ended it early.

    ``pictures`` are of the best variant of each stage, on the first workload that has one; None where none were to be made.
    ``doctor`` is what :func:`labkit.diagnosis.record.of_run` says of them; None where the doctor was not asked. ``against``
    is what :func:`labkit.measure.against.pairs.measure_pairs` says of variants beside their earlier selves. ``sources`` is
    what :func:`labkit.measure.provenance.provenance` says of the code.
    """

    tables: list[Table]
    machine: dict[str, Any]
    settings: Settings
    started: str
    wall_s: float = 0.0
    stopped: bool = False
    pictures: list[Pictures] | None = None
    doctor: list[dict[str, Any]] | None = None
    against: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Any] | None = None

    @property
    def rows(self) -> list[Row]:
        return [row for table in self.tables for row in table.rows]


def plan_requests(
    stages: Sequence[str],
    variants: Sequence[str] | None = None,
    workloads: Sequence[str] | None = None,
    baseline: str | None = None,
) -> list[Request]:
    """Name the tables and their arms; raises UsageError when anything named does not exist.

    Without ``variants``: every variant of the stage, and under threads and shared_memory the quickest of those that have
    a partial (others, and other engines, are measured when asked for). The baseline is the reference unless named, and
    always takes part. ``workloads`` may be patterns (``logo*``); each must fit one of the stages, and a stage that none fits
    is left out.
    """
    registry.discover()
    requests = []
    names = list(stages) or sorted(registry.stages)
    chosen = _workloads(names, workloads)
    for name in names:
        if not chosen[name]:
            continue
        stage = registry.stage(name)
        known = registry.of(name)
        engines: tuple[str, ...] = ()
        if variants is None:
            arms = [ArmName(variant) for variant in known]
            if stage.split and any(v.partial for v in known.values()):
                engines = tuple(engine for engine, kind in ENGINES.items() if kind.unasked)
        else:
            arms = [ArmName.parse(text) for text in variants]
        base = ArmName.parse(baseline) if baseline else ArmName(stage.reference)
        arms = list(dict.fromkeys([base, *arms]))
        for arm in arms:
            _check_arm(name, arm)
        requests += [Request(name, workload, tuple(arms), str(base), engines) for workload in chosen[name]]
    return requests


def _workloads(stages: Sequence[str], patterns: Sequence[str] | None) -> dict[str, list[str]]:
    """For each stage its workloads that fit a pattern, in its own order; UsageError for a pattern that fits nothing.

    What is the name of a workload means that one alone, even if it holds a star or bracket.
    """
    known = {stage: list(registry.stage(stage).workloads) for stage in stages}
    if patterns is None:
        return known
    everything = [name for names in known.values() for name in names]

    def fits(name: str, pattern: str) -> bool:
        return name == pattern if pattern in everything else fnmatchcase(name, pattern)

    for pattern in patterns:
        if not any(fits(name, pattern) for name in everything):
            among = "; ".join(f"{stage} has: {listed(names)}" for stage, names in known.items())
            raise UsageError(f"no workload fits {pattern!r}; {among}")
    return {stage: [n for n in names if any(fits(n, p) for p in patterns)] for stage, names in known.items()}


def _check_arm(stage: str, arm: ArmName) -> None:
    variant = registry.variant(stage, arm.variant)
    if arm.engine is None:
        return
    check_engine(arm.engine)
    if registry.stage(stage).split is None:
        raise UsageError(f"{arm}: stage {stage} declares no split, so none of its variants runs under an engine")
    if variant.partial is None:
        fit = [v.name for v in registry.of(stage).values() if v.partial]
        raise UsageError(
            f"{arm}: {arm.variant} brings no partial, so it can't run under an engine; these do: {listed(fit)}"
        )


def make_settings(
    budget_s: float = DEFAULT_BUDGET_S,
    threads: int | None = None,
    seed: int | None = None,
    *,
    time_limit_s: float = DEFAULT_TIME_LIMIT_S,
    **more: Any,
) -> Settings:
    """Settings with sane defaults: all CPUs that may be used, a fresh seed, four fifths of the memory available."""
    allowed = cpu_limit()
    if not isinstance(budget_s, int | float) or not 0 < budget_s <= LONGEST_BUDGET_S:
        raise UsageError(f"budget is {budget_s!r}; give seconds above 0, at most {LONGEST_BUDGET_S:.0f}")
    if threads is not None and (not isinstance(threads, int) or not 1 <= threads <= MOST_THREADS):
        raise UsageError(
            f"threads is {threads!r}; give a whole number from 1 to {MOST_THREADS} ({allowed} CPUs may be used)"
        )
    if seed is not None and (not isinstance(seed, int) or seed < 0):
        raise UsageError(f"seed is {seed!r}; give a whole number of at least 0")
    if not isinstance(time_limit_s, int | float) or not 0 < time_limit_s <= LONGEST_TIME_LIMIT_S:
        raise UsageError(f"time limit is {time_limit_s!r}; give seconds above 0, at most {LONGEST_TIME_LIMIT_S:.0f}")
    more.setdefault("memory_limit", default_limit())
    return Settings(budget_s, threads or allowed, secrets.randbits(32) if seed is None else seed, time_limit_s, **more)


def measure(
    requests: Sequence[Request], settings: Settings, listener: Listener | None = None, fleet: Fleet | None = None
) -> Measurement:
    """Measure every table, when it is this process's turn. Ctrl-C ends it early and keeps what is done.

    A fleet given stays up afterwards, and its turn is its owner's affair.
    """
    listener = listener or Listener()
    with ExitStack() as stack:
        if fleet is None:
            stack.enter_context(MeasurementLock(_told(requests)))
        started, begin = datetime.now(UTC).isoformat(timespec="milliseconds"), time.perf_counter()
        sources = provenance(wanted_of(requests))
        machine = machine_facts(sources) | {"surroundings": surroundings()}
        measurement = Measurement([], machine, settings, started, sources=sources)
        measurement.pictures = [] if settings.pictures else None
        before = None
        if fleet is None:
            before = Reading.take()
            rng = np.random.default_rng([settings.seed, 1])
            fleet = stack.enter_context(Fleet(settings.threads, rng, wanted_of(requests)))
            _tell_time(listener, requests, settings.budget_s, fleet)
        edge_cases = EdgeCases()
        for request in requests:
            try:
                table = measure_table(fleet, request, edge_cases, settings, listener)
                measurement.tables.append(table)
                _picture(fleet, measurement, listener)
            except Stopped as stop:
                measurement.tables.append(stop.table)
                measurement.stopped = True
                break
            except KeyboardInterrupt:
                measurement.stopped = True
                break
    if before is not None:  # the fleet is gone, and with it the CPU time of its processes is known as ours
        measurement.machine["during"] = between(before, Reading.take())
    measurement.wall_s = time.perf_counter() - begin
    return measurement


def _tell_time(listener: Listener, requests: Sequence[Request], budget_s: float | None, fleet: Fleet) -> None:
    """Tell how long it is going to take; a measuring process that can't start is the first table's affair."""
    with suppress(ParentLost):
        fleet.clean.ready()
        arms = [len(request.arms) + len(request.engines) for request in requests]
        hosted = any(home_of(request.stage, request.baseline) for request in requests)
        now = time.monotonic()
        listener.begins(arms, Expected(arms, fleet.clean.start_s, budget_s, now, hosted))


def _picture(fleet: Fleet, measurement: Measurement, listener: Listener) -> None:
    """Have pictures made of the best variant of the table just measured, where its stage has none yet."""
    table, made = measurement.tables[-1], measurement.pictures
    if made is not None and all(found.stage != table.stage for found in made):
        listener.pictures_begin(table)
        with suppress(ParentLost):  # the next table tells of it
            found = of_best(fleet, table, measurement.settings)
            made += [found] if found else []


def wanted_of(requests: Sequence[Request]) -> set[tuple[str, str]]:
    """Each (stage, variant) that the requests need: their arms, and the reference, which says what is right."""
    arms = {(request.stage, arm.variant) for request in requests for arm in request.arms}
    return arms | {(request.stage, registry.stage(request.stage).reference) for request in requests}


def _told(requests: Sequence[Request]) -> str:
    """What is measured, for those who wait for it."""
    tables = [f"{request.stage} on {request.workload}" for request in requests]
    return f"{tables[0]} and {len(tables) - 1} tables more" if len(tables) > 1 else "".join(tables)


def check(requests: Sequence[Request], settings: Settings, listener: Listener | None = None) -> list[Row]:
    """Only the agreement gate, for every table; no launches, no run."""
    rng = np.random.default_rng([settings.seed, 1])
    rows: list[Row] = []
    edge_cases, listener = EdgeCases(), listener or Listener()
    with ExitStack() as stack:
        stack.enter_context(MeasurementLock(_told(requests)))
        fleet = stack.enter_context(Fleet(settings.threads, rng, wanted_of(requests), launchers=0))
        _tell_time(listener, requests, None, fleet)
        for request in requests:
            rows += check_table(fleet, request, edge_cases, settings, listener)
    return rows
