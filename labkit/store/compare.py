"""Two stored runs beside each other: how each ratio to the baseline moved. Their seconds are never compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labkit.measure.result import arm_of
from labkit.store.run import Run


@dataclass(frozen=True)
class Movement:
    """One arm in two runs; ``change`` is the later ratio over the earlier one.

    ``moved`` is ``faster``, ``slower``, ``no`` (the intervals overlap), ``lost`` (it was measured, and now differs,
    crashes or hangs), ``only_before``, ``only_after``, or ``unknown`` where an end of an interval is missing.
    """

    stage: str
    workload: str
    arm: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    change: float | None
    moved: str


@dataclass(frozen=True)
class RunComparison:
    """The movements, and what two moments, perhaps on two machines, can't tell."""

    before: Run
    after: Run
    movements: list[Movement]
    doubts: list[str]

    @property
    def regressions(self) -> list[Movement]:
        return [m for m in self.movements if m.moved in ("slower", "lost")]


def compare_runs(before: Run, after: Run) -> RunComparison:
    """Compare each arm's ratio to the baseline in two runs. An arm whose baseline changed is unknown."""
    rows = [{_key(row): row for row in run.rows if row["ratio"] is not None} for run in (before, after)]
    bases = [{(t["stage"], t["workload"]): t["baseline"] for t in run.tables} for run in (before, after)]
    failed = {_key(row) for row in after.rows if row["status"] in ("differs", "crashed", "timed_out")}
    movements = []
    for key in dict.fromkeys([*rows[0], *rows[1]]):
        old, new = rows[0].get(key), rows[1].get(key)
        table = key[:2]
        if key[2] in (bases[0].get(table), bases[1].get(table)):
            continue  # the baseline's ratio to itself is 1 in every run
        if old and key in failed:
            movements.append(Movement(*key, old, None, None, "lost"))
            continue
        same_base = bases[0].get(table) == bases[1].get(table)
        change, moved = _moved(old, new) if same_base or not (old and new) else (None, "unknown")
        movements.append(Movement(*key, old, new, change, moved))
    return RunComparison(before, after, movements, _doubts(before, after))


def _key(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["stage"], row["workload"], arm_of(row)


def _moved(old: dict[str, Any] | None, new: dict[str, Any] | None) -> tuple[float | None, str]:
    if old is None or new is None:
        return None, "only_after" if old is None else "only_before"
    change = new["ratio"] / old["ratio"]
    if None in (old["ratio_low"], old["ratio_high"], new["ratio_low"], new["ratio_high"]):
        return change, "unknown"
    if new["ratio_low"] > old["ratio_high"]:
        return change, "faster"
    return change, "slower" if new["ratio_high"] < old["ratio_low"] else "no"


def _doubts(before: Run, after: Run) -> list[str]:
    """Names of the facts about the machine and the settings in which the runs differ."""
    facts = ("host", "cpu", "cpu_limit", "cgroup_cpus", "governor", "system", "python", "libraries", "commit", "dirty")
    found = [fact for fact in facts if before.machine.get(fact) != after.machine.get(fact)]
    old, new = before.document["settings"], after.document["settings"]
    return found + [fact for fact in ("threads", "budget_s") if old.get(fact) != new.get(fact)]
