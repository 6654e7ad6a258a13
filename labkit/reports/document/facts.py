"""The facts of a report, gathered: runs, and what else is stored about their stages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labkit.core.errors import UsageError, VariantFailed
from labkit.core.registry import registry
from labkit.measure.result import arm_of
from labkit.profiling.diff import ProfileDiff, diff_profiles
from labkit.profiling.profile import Profile
from labkit.profiling.run import profile_arms
from labkit.reports import words
from labkit.reports.document.claimed import checked
from labkit.reports.document.decision import Decision, Row, Said, advice, compared, decide
from labkit.reports.document.needs import known_variant
from labkit.reports.document.pictures import Pictured, pictured
from labkit.reports.grid import Grid
from labkit.reports.runs.grids import grids
from labkit.store import Run
from labkit.store.artefact import FOLDERS, keep_artefact, read_artefact

SWEEP_SCHEMA = 1
Tell = Callable[[str], None]


@dataclass(frozen=True)
class TablePart:
    """One stage × workload of one run; ``rows`` are all of them, ``timed`` those of ``grid`` in its order."""

    document: dict[str, Any]
    table: dict[str, Any]
    rows: list[Row]
    timed: list[Row]
    grid: Grid
    decision: Decision


@dataclass(frozen=True)
class Lines:
    """A line diff with where it is from: the id of its artefact."""

    diff: ProfileDiff
    id: str


@dataclass(frozen=True)
class StagePart:
    """A stage in one run, with all that is stored about it; ``pictures`` may be words that say why there are none."""

    name: str
    summary: str
    run: str
    tables: list[TablePart]
    advice: Said
    variants: dict[str, str]
    lines: Lines | None = None
    pictures: Pictured | str = ""
    sweeps: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Facts:
    """All that a report tells. ``failures`` are rows without a time; ``problems`` say what the report could not have."""

    runs: list[dict[str, Any]]
    stages: list[StagePart]
    failures: list[tuple[Row, list[str]]]
    claims: list[dict[str, Any]]
    problems: list[str]

    @property
    def sweeps(self) -> list[dict[str, Any]]:
        return [sweep for stage in self.stages for sweep in stage.sweeps]


def gather(runs: Sequence[Run], *, pictures: bool, profile: bool, tell: Tell) -> Facts:
    """The facts of these runs, the newest last.

    ``pictures`` shows those that the runs keep. ``profile`` makes a line diff baseline → best of each stage that has none
    stored, in processes of its own. What can't be had is told in ``problems`` and costs nothing else.
    """
    documents = [printable(run.document) for run in runs]
    problems: list[str] = []
    stages: list[StagePart] = []
    for run, document in zip(runs, documents, strict=True):
        if document["stopped"]:
            problems.append(f"run {document['run']} was stopped early: what is shown was done before")
        for name in dict.fromkeys(table["stage"] for table in document["tables"]):
            first = not any(stage.name == name for stage in stages)
            tables = tables_of(name, document)
            lines: Lines | None = None
            seen: Pictured | str = ""
            if first:
                lines = _lines(name, tables, run.folder.parent, profile, tell, problems)
                seen = pictured(run, document, name) if pictures else seen
            sweeps = _sweeps(name, run.folder.parent, [d["run"] for d in documents]) if first else []
            said = compared(document) or advice([part.decision for part in tables])
            stages.append(
                StagePart(name, _summary(name), document["run"], tables, said, _variants(tables), lines, seen, sweeps)
            )
    claims = [claim | {"run": document["run"]} for document in documents for claim in checked(document)]
    return Facts(documents, stages, _failures(documents), claims, problems)


def printable(thing: Any) -> Any:
    """A stored document with every text in it as one line of printable letters: nothing that turns or ends a line."""
    if isinstance(thing, str):
        return words.one_line(thing)
    if isinstance(thing, dict):
        return {printable(key): printable(value) for key, value in thing.items()}
    return [printable(entry) for entry in thing] if isinstance(thing, list) else thing


def plain(docstring: str) -> str:
    """A line of a docstring without the marks that docstrings have."""
    return words.one_line(re.sub("``(.+?)``", r"\1", docstring))


def tables_of(stage: str, document: dict[str, Any]) -> list[TablePart]:
    made = []
    for table, shown in zip(document["tables"], grids(document), strict=True):
        if table["stage"] != stage:
            continue
        rows = [row for row in document["rows"] if (row["stage"], row["workload"]) == (stage, table["workload"])]
        named = {arm_of(row): row for row in rows}
        timed = [named[texts[0]] for texts in shown.texts]
        made.append(TablePart(document, table, rows, timed, shown, decide(table, rows)))
    return made


def _summary(stage: str) -> str:
    registry.discover()
    return plain(registry.stages[stage].summary) if stage in registry.stages else ""


def _variants(tables: Sequence[TablePart]) -> dict[str, str]:
    """What each variant does, in its own words, where it is known here."""
    found = {}
    for name in dict.fromkeys(row["variant"] for part in tables for row in part.rows):
        variant = known_variant(tables[0].table["stage"], name)
        if variant is not None and variant.summary:
            found[name] = plain(variant.summary)
    return found


def _stored(kind: str, home: Path) -> Iterator[dict[str, Any]]:
    """The artefacts of a kind, newest first; those that can't be read are passed over."""
    for path in sorted((home / FOLDERS[kind]).glob("*.json"), reverse=True):
        try:
            yield read_artefact(path)
        except UsageError:
            continue


def _lines(
    stage: str, tables: Sequence[TablePart], home: Path, make: bool, tell: Tell, problems: list[str]
) -> Lines | None:
    """The newest stored diff of the baseline and the best variant, else the newest of the stage; made where asked for."""
    decision = tables[0].decision
    wanted = (decision.baseline, decision.arm)
    found: Lines | None = None
    for document in _stored("diff", home):
        try:
            if document["a"]["stage"] != stage:
                continue
            diff = diff_profiles(Profile.from_document(document["a"]), Profile.from_document(document["b"]))
        except (KeyError, TypeError, ValueError):
            continue
        if (diff.a.variant, diff.b.variant) == wanted:
            return Lines(diff, str(document["id"]))
        found = found or Lines(diff, str(document["id"]))
    if not make or decision.best is None or decision.keeps:
        return found
    tell(f"{stage}: profiling {decision.baseline} and {decision.arm} on {decision.workload}")
    try:
        made = diff_profiles(*profile_arms(stage, list(wanted), decision.workload))
    except (UsageError, VariantFailed) as error:
        problems.append(words.one_line(f"no line diff of {stage}: {error}"))
        return found
    path, problem = keep_artefact(made.document, "diff", home)
    return Lines(made, path.stem if path else f"not stored: {problem}")


def _sweeps(stage: str, home: Path, runs: Sequence[str]) -> list[dict[str, Any]]:
    """The sweeps of a stage that are among these runs: any other may tell of other code."""
    stored = (raw for raw in _stored("sweep", home) if raw.get("stage") == stage and raw.get("run") in runs)
    return sorted((printable(raw) for raw in stored if raw.get("schema") == SWEEP_SCHEMA), key=lambda raw: raw["axis"])


def _failures(documents: Sequence[dict[str, Any]]) -> list[tuple[Row, list[str]]]:
    """Rows without a time, each with the workloads on which it went the same way; what differs comes first."""
    order = ("differs", "crashed", "timed_out", "too_slow", "unavailable", "measured")
    found: dict[tuple[str, ...], tuple[Row, list[str]]] = {}
    for row in (row for document in documents for row in document["rows"] if row["median_s"] is None):
        key = (row["stage"], arm_of(row), row["status"], words.reason(row))
        workloads = found.setdefault(key, (row, []))[1]
        if row["workload"] not in workloads:
            workloads.append(row["workload"])
    return sorted(
        found.values(), key=lambda entry: order.index(entry[0]["status"]) if entry[0]["status"] in order else 9
    )
