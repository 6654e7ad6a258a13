"""A run as the terminal, a notebook and Markdown show it: its tables, what its reader must know, and the machine."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from labkit.reports import against, words
from labkit.reports import html as pages
from labkit.reports import markdown as texts
from labkit.reports.doctor import words as doctor
from labkit.reports.grid import Grid
from labkit.reports.runs.grids import grids
from labkit.reports.terminal import console, draw_whole, print_lines, print_origin


def print_run(run: dict[str, Any], where: str | None = None, to: Console | None = None, printed: int = 0) -> None:
    """Print every table of a run but the first ``printed``, the machine, and where the run is stored."""
    out = to or console()
    for grid in grids(run)[printed:]:
        print_table(grid, out)
    print_lines(against.lines(run), out, "bold", "")
    print_lines(doctor.lines(run), out, "yellow", "yellow")
    print_origin(out, run, where)


def print_table(grid: Grid, out: Console) -> None:
    """Print one table, as wide as the console, and the notes below it."""
    out.print()
    draw_whole(grid, out, first=lambda note: note.startswith("best"))


def html(run: dict[str, Any]) -> str:
    """Every table of a run with its notes, and the machine; whatever came from outside is escaped."""
    found = [*against.lines(run), *doctor.lines(run)]
    return "".join(map(pages.whole, grids(run))) + pages.notes(found) + pages.origin(run)


def markdown(run: dict[str, Any]) -> str:
    """Every table of a run with its notes, and the machine."""
    lines = []
    for grid in grids(run):
        lines += [f"### {texts.safe(grid.title)}", ""]
        if grid.rows:
            lines.append(texts.table(grid))
        lines += [*(f"- {texts.safe(note)}" for note in grid.notes), ""]
    if found := [*against.lines(run), *doctor.lines(run)]:
        lines += [*(f"- {texts.safe(line)}" for line in found), ""]
    lines.append(f"Measured {run['started']} on {texts.safe(words.machine(run['machine']))}.")
    return "\n".join(lines) + "\n"
