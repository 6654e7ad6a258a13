"""How much memory one call of a variant takes: the peak of its process tree, and what each line allocated.

Two processes of the clean parent take one call each, for tracking takes memory itself: in the first nothing is tracked
and the system is asked for the peak, in the second memray notes each allocation (see ``allocations``). Both call the
variant once before, so that imports, compiling and buffers that stay are not charged to the call. The two totals differ
by nature: the system counts pages that were touched, memray the bytes that were asked for.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labkit.core.errors import UsageError, VariantFailed
from labkit.core.registry import registry
from labkit.engines import STARTS_PROCESSES, engine_missing
from labkit.engines.arm import ArmName
from labkit.measure.bench import LONGEST_BUDGET_S, make_settings, plan_requests, wanted_of
from labkit.measure.checking import failure
from labkit.measure.machine import machine_facts
from labkit.measure.provenance import provenance
from labkit.measure.request import Settings
from labkit.processes.fleet import Fleet, ParentLost
from labkit.processes.lock import MeasurementLock
from labkit.processes.parent import Limits
from labkit.profiling.allocations import AllocationLine
from labkit.profiling.memory_task import MemoryTask
from labkit.profiling.sources import cell_sources

SCHEMA = 1
PATIENCE = 10  # tracking makes a call slower: so many times the time limit of a plain one
LONG_CALL_S = 5.0  # a Python loop of that time makes some hundred million objects: too many to note each


@dataclass(frozen=True)
class MemoryProfile:
    """The memory of one call of a variant on a workload, all in bytes.

    ``peak_bytes``: the most that the process tree held during an untracked call, beyond what it held before the call;
    under an engine, where the peaks of several threads or processes fall together by chance, during half a second of calls.
    ``standing_bytes``: what the arm holds between calls beyond its inputs (libraries, compiled code, workers, buffers).
    ``tracked_peak_bytes``: the greatest total of the call's allocations, to which the ``peak_bytes`` of ``lines`` add up.
    ``path``: where it is stored; None when it is not, and ``problem`` then may say why.
    """

    stage: str
    workload: str
    variant: str
    engine: str | None
    kind: str
    threads: int
    peak_bytes: int | None
    standing_bytes: int | None
    tracked_peak_bytes: int
    input_bytes: int
    output_bytes: int
    lines: tuple[AllocationLine, ...]
    notes: tuple[str, ...] = ()
    machine: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    path: Path | None = field(default=None, compare=False)
    problem: str | None = field(default=None, compare=False)

    @property
    def table(self) -> pd.DataFrame:
        """One row a line, in the order of the files."""
        return pd.DataFrame(
            [vars(row) for row in self.lines], columns=[f.name for f in dataclasses.fields(AllocationLine)]
        )

    @property
    def document(self) -> dict[str, Any]:
        """All of it as a JSON document."""
        facts = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in ("path", "problem")}
        rows = [vars(row) for row in self.lines]
        return {"schema": SCHEMA} | facts | {"lines": rows, "notes": list(self.notes), "machine": dict(self.machine)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> MemoryProfile:
        """The profile of a document; raises UsageError for one of another schema."""
        if document.get("schema") != SCHEMA or "tracked_peak_bytes" not in document:
            raise UsageError(f"no memory profile of schema {SCHEMA}: schema {document.get('schema')!r}")
        names = {f.name for f in dataclasses.fields(cls)}
        facts = {name: value for name, value in document.items() if name in names}
        lines = tuple(AllocationLine(**row) for row in document["lines"])
        return cls(**facts | {"lines": lines, "notes": tuple(document["notes"])})


def measure_memory(
    stage: str,
    variant: str,
    workload: str | None = None,
    threads: int | None = None,
    *,
    time_limit_s: float = 60.0,
    memory_limit: int | None = None,
) -> MemoryProfile:
    """Measure one call of ``variant`` (or ``variant@engine``) on a workload, the stage's first when None.

    ``threads`` is what libraries may use; all CPUs allowed when None. A plain call may take ``time_limit_s``, the process
    tree ``memory_limit`` bytes (four fifths of what is available when None).

    Raises TypeError for a name that is none, UsageError for what does not exist or can't run here, VariantFailed when the
    variant fails.
    """
    for argument, name in {"stage": stage, "variant": variant, "workload": workload}.items():
        if not isinstance(name, str) and not (argument == "workload" and name is None):
            raise TypeError(f"{argument} is {name!r}; give a name")
    if workload is None:
        workload = next(iter(registry.stage(stage).workloads))
    registry.stage(stage).workload(workload)
    requests = plan_requests([stage], [variant], [workload])  # names that do not exist, an engine that does not fit
    arm = ArmName.parse(variant)
    found = registry.variant(stage, arm.variant)
    if reason := found.unavailable() or (engine_missing(arm.engine) if arm.engine else None):
        raise UsageError(f"{arm} of stage {stage} can't run here: {reason}")
    if importlib.util.find_spec("memray") is None:
        raise UsageError(
            "memory needs memray, which is not installed (it does not exist for Windows): pip install memray"
        )
    limits = {} if memory_limit is None else {"memory_limit": memory_limit}
    settings = make_settings(LONGEST_BUDGET_S, threads, time_limit_s=time_limit_s, **limits)
    task = MemoryTask(stage, workload, str(arm), settings.threads, cell_sources())
    folder = tempfile.mkdtemp(prefix="labkit-memory-")
    try:
        rng = np.random.default_rng(settings.seed)
        wanted = wanted_of(requests)
        with (
            MeasurementLock(f"the memory of {stage} on {workload}"),
            Fleet(settings.threads, rng, wanted, launchers=0) as fleet,
        ):
            measured = _measured(fleet, task, settings)
            objects = measured["call_s"] < LONG_CALL_S
            measured |= _measured(fleet, replace(task, folder=folder, objects=objects), settings)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    tracked = measured["tracked"]
    return MemoryProfile(
        stage,
        workload,
        arm.variant,
        arm.under,
        found.kind,
        settings.threads,
        measured.get("peak_bytes"),
        measured.get("standing_bytes"),
        tracked.total,
        measured["input_bytes"],
        measured["output_bytes"],
        tuple(tracked.lines),
        tuple(_notes(measured, arm, found.kind, objects)),
        machine_facts(provenance(wanted)),
    )


def _measured(fleet: Fleet, task: MemoryTask, settings: Settings) -> dict[str, Any]:
    """What a task found in its process; raises VariantFailed when that did not end well."""
    seconds = 2 * settings.time_limit_s * (1 if task.folder is None else PATIENCE)
    settings = dataclasses.replace(settings, time_limit_s=seconds)
    where = f"{task.arm} of stage {task.stage} on {task.workload}"
    try:
        outcome = fleet.clean.run(task, Limits(seconds, settings.memory_limit, watch_memory=True))
    except ParentLost as lost:
        raise VariantFailed(f"{where}: {lost}") from None
    if "not_offered" in outcome.found:
        raise UsageError(
            f"{task.arm} of stage {task.stage} does not take {task.workload}: {outcome.found['not_offered']}"
        )
    if outcome.ending != "done":
        raise VariantFailed(f"{where}: {failure(outcome, settings)[1]}")
    return outcome.found


def _notes(measured: Mapping[str, Any], arm: ArmName, kind: str, objects: bool) -> list[str]:
    """What a reader must know to take the figures for what they are."""
    tracked, notes = measured["tracked"], []
    if measured.get("peak_bytes") is None:
        notes.append("this system does not tell the peak of a process tree")
    elif arm.engine in STARTS_PROCESSES or measured["workers"]:
        notes.append("the peak of several processes is sampled: a spike shorter than some milliseconds can be missed")
    if tracked.processes > 1:
        notes.append(
            f"lines: {tracked.processes} processes, each at its own greatest total; these need not fall together"
        )
    unseen = 0 if arm.engine in STARTS_PROCESSES else measured["workers"]
    if unseen:
        notes.append(f"lines: {unseen} processes that the variant itself keeps are not tracked; the peak counts them")
    if not objects:
        notes.append(
            f"lines: a call takes {measured['call_s']:.0f} s, so Python objects are measured by the arenas that hold them"
        )
    if kind == "gpu":
        notes.append("memory of the GPU is not counted")
    return notes
