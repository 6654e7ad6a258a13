"""What a run found that ends a CI job, and what its reader must know: as data, for every CI system's own form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labkit.core.registry import registry
from labkit.measure.result import arm_of
from labkit.profiling.sources import place_of
from labkit.reports import against, words
from labkit.reports.doctor import words as doctor

FAILED = {"differs", "crashed", "timed_out"}
"""What becomes of a variant that is at fault."""


@dataclass(frozen=True)
class Finding:
    """``level`` is ``error`` for what makes the exit status 1, else ``warning``; ``file`` and ``line`` where they are known."""

    level: str
    title: str
    message: str
    file: Path | None = None
    line: int | None = None


def findings(document: Mapping[str, Any]) -> list[Finding]:
    """Errors first: regressions, then variants at fault; then what may mislead in the figures."""
    return [*_regressions(document), *_faults(document), *_warnings(document)]


def faults(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of variants at fault, without those of earlier code."""
    past = past_arms(document)
    return [row for row in document["rows"] if row["status"] in FAILED and arm_of(row) not in past]


def past_arms(document: Mapping[str, Any]) -> set[str]:
    """The arms that are earlier code, beside which today's was measured."""
    return {old for table in document.get("tables", []) for old in against.pairs(table).values()}


def regressions(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Today's arms that are slower than their earlier selves, or that have no time any more."""
    found: Sequence[Mapping[str, Any]] = document.get("regressions", [])
    return found


def _regressions(document: Mapping[str, Any]) -> Iterator[Finding]:
    for found in regressions(document):
        message = against.regression(found).removeprefix("regression: ")
        yield _of_arm("error", "regression", message, found["stage"], str(found["variant"]))


def _faults(document: Mapping[str, Any]) -> Iterator[Finding]:
    told = {(found["stage"], found["workload"], found["variant"]) for found in regressions(document)}
    for row in faults(document):
        stage, workload, arm = row["stage"], row["workload"], arm_of(row)
        if (stage, workload, arm) not in told:
            why = words.outcome(row["status"], words.reason(row))
            title = words.STATUSES[str(row["status"])]
            yield _of_arm("error", title, f"{stage} on {workload}: {arm}: {why}", stage, arm)


def _warnings(document: Mapping[str, Any]) -> Iterator[Finding]:
    for entry, places in doctor.grouped(document.get("doctor", [])):
        if entry["level"] == "warning":
            message = words.one_line(f"{doctor.who(entry, places)}: {entry['found']}; way out: {entry['way_out']}")
            yield _of_arm("warning", "may mislead", message, entry.get("stage") or "", str(entry["subject"]))


def _of_arm(level: str, title: str, message: str, stage: str, arm: str) -> Finding:
    variant = registry.variants.get(stage, {}).get(arm.partition("@")[0])
    file, line = (variant and place_of(variant)) or (None, None)
    return Finding(level, title, message, file, line)
