"""A table of a run as text cells; the terminal, Markdown and HTML each draw the same cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labkit.measure.result import arm_of
from labkit.reports import words
from labkit.reports.against import pairs

HEADINGS = (
    "variant",
    "kind",
    "median",
    "speed-up [interval]",
    "verdict",
    "× limit",
    "set-up",
    "first call",
    "peak memory",
    "threads",
)


@dataclass(frozen=True)
class Cells:
    """One stage × workload: a title, rows of cells under ``HEADINGS``, and the notes below them."""

    title: str
    rows: list[tuple[str, ...]]
    verdicts: list[str]
    notes: list[str]


def cells(run: dict[str, Any]) -> list[Cells]:
    """The tables of a run's document, in its order; within a table the fastest first."""
    return [_table(table, run) for table in run["tables"]]


def _table(table: dict[str, Any], run: dict[str, Any]) -> Cells:
    own = [row for row in run["rows"] if (row["stage"], row["workload"]) == (table["stage"], table["workload"])]
    timed = sorted((row for row in own if row["median_s"] is not None), key=lambda row: -(row["ratio"] or 0))
    own_bases = pairs(table)
    bases = {table["baseline"], *own_bases.values()}
    if len(own_bases) > 1:  # each variant below its own earlier self
        names = [name for new, old in own_bases.items() for name in (old, new)]
        timed.sort(key=lambda row: names.index(arm_of(row)))
    rows: list[tuple[str, ...]] = []
    verdicts: list[str] = []
    for row in timed:
        verdict = "baseline" if arm_of(row) in bases else (row["verdict"] or "")
        verdicts.append(verdict)
        rows.append(
            (
                arm_of(row),
                row["kind"],
                words.duration(row["median_s"]),
                words.times(row),
                words.VERDICT_MARKS.get(verdict, verdict),
                words.share(row["limit_ratio"]),
                words.duration(row["setup_s"]),
                words.duration(row["first_call_s"]),
                words.size(row["peak_bytes"]),
                words.UNKNOWN if row["threads"] is None else str(row["threads"]),
            )
        )
    notes = [words.best(table)] if table["best"] else []
    if kernel := table["facts"].get("under_engines"):
        engines = [row["engine"] for row in own if row["engine"] and row["variant"] == kernel]
        notes.append(
            f"of all kernels only {kernel}, the quickest in its check, came under {' and '.join(engines)}; "
            "another is measured so when it is named"
        )
    for row in own:
        if row["median_s"] is None:
            notes.append(f"{arm_of(row)}: {words.outcome(row['status'], words.reason(row))}")
    threaded = max((launch.get("threads_at_start") or 1 for launch in table["launches"]), default=1)
    if threaded > 1:
        notes.append(
            f"launches were forked from a process with {threaded} threads, which may disturb or hang them: "
            "name modules that start threads in requires=, and import them inside the variant"
        )
    unresolved: dict[str, list[str]] = {}
    for row in timed:
        if row["verdict"] == "unresolved":
            unresolved.setdefault(words.reason(row), []).append(arm_of(row))
    notes += [f"unresolved ({', '.join(arms)}): {why}" for why, arms in unresolved.items()]
    threads = run["settings"]["threads"]
    launches = len(table["launches"])
    many = f"{launches} launch{'es' * (launches != 1)}, at most {words.counted(threads, 'thread')}"
    title = f"{table['stage']} on {table['workload']} ({many})"
    return Cells(title, rows, verdicts, notes)
