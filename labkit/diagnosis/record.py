"""Findings as a document holds them: with the words of their lints, so that they are understood where the lints are gone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from labkit.diagnosis.cheap import cheap_findings
from labkit.diagnosis.finding import Finding, Level
from labkit.diagnosis.lints import LINTS
from labkit.diagnosis.machine import judge
from labkit.diagnosis.machine_lints import MACHINE_LINTS
from labkit.measure.bench import Measurement

Entry = dict[str, Any]


def entries(findings: Iterable[Finding], stage: str | None = None, workload: str | None = None) -> list[Entry]:
    """Each finding with its lint's ``title``, ``why`` and ``way_out``, and where an arm is meant its stage and workload."""
    known = MACHINE_LINTS | LINTS
    place = {"stage": stage, "workload": workload}
    return [
        finding.as_dict() | place | {key: getattr(known[finding.lint], key) for key in ("title", "why", "way_out")}
        for finding in findings
    ]


def of_run(measurement: Measurement) -> list[Entry]:
    """What a run shows of its machine and of its arms, without any further measuring."""
    machine = judge(measurement.machine)
    found = entries(machine)
    for table in measurement.tables:
        found += entries(tellable(cheap_findings(table), machine), table.stage, table.workload)
    return found


def tellable(findings: Iterable[Finding], machine: Iterable[Finding]) -> list[Finding]:
    """Those findings on arms that such a machine lets be told.

    Threads that wait for a CPU may wait for another of the arm's, or for another program's: where there were others,
    nothing is said of too many threads.
    """
    crowded = any(finding.lint == "neighbours" and finding.level is not Level.OK for finding in machine)
    return [finding for finding in findings if not (crowded and finding.lint == "oversubscribed")]


def worst(findings: Iterable[Entry]) -> Level:
    """The level of the most serious of them."""
    levels = {entry["level"] for entry in findings}
    return next((level for level in (Level.WARNING, Level.NOTE) if level in levels), Level.OK)
