"""The tables of a run as grids."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from labkit.measure.result import arm_of
from labkit.reports import words
from labkit.reports.against import pairs
from labkit.reports.grid import Cell, Grid, name, number

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


GIVE_WAY = ("threads", "set-up", "kind", "peak memory", "first call", "× limit")
LEFT = frozenset({0, 1, 4})


def grids(run: dict[str, Any]) -> list[Grid]:
    """The tables of a run's document, in its order; within a table the fastest first."""
    return [_table(table, run) for table in run["tables"]]


def _table(table: dict[str, Any], run: dict[str, Any]) -> Grid:
    own = [row for row in run["rows"] if (row["stage"], row["workload"]) == (table["stage"], table["workload"])]
    timed = sorted((row for row in own if row["median_s"] is not None), key=lambda row: -(row["ratio"] or 0))
    own_bases = pairs(table)
    bases = {table["baseline"], *own_bases.values()}
    if len(own_bases) > 1:  # each variant below its own earlier self
        names = [name for new, old in own_bases.items() for name in (old, new)]
        timed.sort(key=lambda row: names.index(arm_of(row)))
    rows = [cells(row, "baseline" if arm_of(row) in bases else (row["verdict"] or "")) for row in timed]
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
    notes += [f"{arm_of(row)}: {words.one_line(row['note'])}" for row in own if row.get("note")]
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
    return Grid(HEADINGS, LEFT, rows, title=title, notes=notes, give_way=GIVE_WAY)


def cells(row: dict[str, Any], verdict: str) -> list[Cell]:
    """A row as the cells of its table; ``verdict`` is ``baseline`` for that."""
    mark = words.VERDICT_MARKS.get(verdict, verdict)
    known = verdict in words.VERDICT_MARKS or verdict in ("", "baseline")
    return [
        name(arm_of(row)),
        name(row["kind"]),
        number(words.wall_and_device(row), row["median_s"]),
        replace(number(words.times(row), row["ratio"]), tone=verdict),
        Cell(mark, mark, verdict, outside=not known),
        number(words.share(row["limit_ratio"]), row["limit_ratio"]),
        number(words.duration(row["setup_s"]), row["setup_s"]),
        number(words.duration(row["first_call_s"]), row["first_call_s"]),
        number(words.size(row["peak_bytes"]), row["peak_bytes"]),
        number(words.UNKNOWN if row["threads"] is None else str(row["threads"]), row["threads"]),
    ]
