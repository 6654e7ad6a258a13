"""Memory profiles for people: text for terminals and logs, static HTML for notebooks. The input is their document."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from labkit.measure.result import arm_of
from labkit.reports.grid import Cell, Grid
from labkit.reports.html import notes as listed
from labkit.reports.html import whole
from labkit.reports.terminal import draw, plain
from labkit.reports.words import one_line, size

SMALL = 0.001  # rows below that share of both totals are told together
WIDEST_SOURCE = 100
HEADINGS = ("line", "at peak", "share", "allocated", "pieces", "source")


def text(document: Mapping[str, Any], path: Path | None = None, problem: str | None = None) -> str:
    """The profile as plain text: a summary, then the lines of each file."""

    def printed(out: Console) -> None:
        out.print(Text("\n".join(map(one_line, summary(document)))), soft_wrap=True)
        for grid in grids(document):
            out.print()
            out.print(Text(grid.title), soft_wrap=True)
            draw(grid, out)
        out.print()
        out.print(Text("\n".join(map(one_line, notes(document, path, problem)))), soft_wrap=True)

    return plain(printed)


def html(document: Mapping[str, Any], path: Path | None = None, problem: str | None = None) -> str:
    """The profile as HTML without scripts or style sheets; whatever came from outside is escaped. Heat: bytes at peak."""
    title, *facts = map(one_line, summary(document))
    below = list(map(one_line, notes(document, path, problem)))
    return f"<h4>{escape(title)}</h4>{listed(facts)}{''.join(map(whole, grids(document)))}{listed(below)}"


def grids(document: Mapping[str, Any]) -> list[Grid]:
    """The lines worth a row, a grid for each file, in the order of the profile."""
    shown, _ = _rows(document)
    greatest = max([row["peak_bytes"] for row in shown], default=0) or 1
    made = []
    for file, rows in groupby(shown, key=lambda row: row["file"]):
        lines = [_cells(row, document["tracked_peak_bytes"], row["peak_bytes"] / greatest) for row in rows]
        made.append(Grid(HEADINGS, frozenset({5}), lines, title=_heading(file, shown), code=frozenset({5})))
    return made


def summary(document: Mapping[str, Any]) -> list[str]:
    """A title, then what the call took."""
    threads = f"{document['threads']} thread{'s' if document['threads'] != 1 else ''}"
    inputs = f"inputs {size(document['input_bytes'])}, output {size(document['output_bytes'])}"
    return [
        f"memory of {arm_of(document)} ({document['kind']}), {document['stage']} on {document['workload']}, {threads}",
        f"peak of the process tree in one call: {size(document['peak_bytes'])} ({inputs})",
        f"held between calls beyond the inputs: {size(document['standing_bytes'])} (libraries, compiled code, workers)",
        f"greatest total of the call's allocations: {size(document['tracked_peak_bytes'])}, by line:",
    ]


def notes(document: Mapping[str, Any], path: Path | None, problem: str | None) -> list[str]:
    """What to know about the figures, and where they are kept."""
    where = [f"stored in {path}"] if path else [f"not stored: {problem}"] if problem else []
    meaning = (
        "at peak: held when all allocations together were greatest, those rows add up; allocated: in all, freed or not. "
        "Lines count bytes asked for, the process tree bytes touched."
    )
    return [*_rows(document)[1], meaning, *document["notes"], *where]


def _rows(document: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows worth a line, and one sentence about the others; rows that stand for no line are always shown."""
    rows = list(document["lines"])
    in_all = sum(row["allocated_bytes"] for row in rows)
    least_peak, least_all = SMALL * document["tracked_peak_bytes"], SMALL * in_all
    small = [
        row for row in rows if row["file"] and row["peak_bytes"] < least_peak and row["allocated_bytes"] < least_all
    ]
    if not small:
        return rows, []
    peak, allocated = sum(row["peak_bytes"] for row in small), sum(row["allocated_bytes"] for row in small)
    lines = f"{len(small)} line{'s' if len(small) != 1 else ''}"
    sentence = f"{lines} below {SMALL:.1%} not shown: {size(peak)} at peak, {size(allocated)} allocated"
    return [row for row in rows if row not in small], [sentence]


def _heading(file: str, rows: list[dict[str, Any]]) -> str:
    """A file and those of its functions that are shown: a notebook's cells have names that tell nothing."""
    functions = dict.fromkeys(row["function"] for row in rows if row["file"] == file)
    return one_line(f"{file}: {', '.join(functions)}") if file else "in no line of yours"


def _cells(row: Mapping[str, Any], total: int, heat: float) -> list[Cell]:
    source = one_line(row["source"])
    source = source if len(source) <= WIDEST_SOURCE else source[: WIDEST_SOURCE - 1] + "…"
    if not row["line"]:
        source = f"{one_line(row['function'])}: {source}"
    return [
        Cell(str(row["line"] or "")),
        Cell(size(row["peak_bytes"]), heat=heat),
        Cell(f"{row['peak_bytes'] / total:.1%}" if total else "", heat=heat),
        Cell(size(row["allocated_bytes"])),
        Cell(f"{row['allocations']:,}"),
        Cell(source, heat=heat),
    ]
