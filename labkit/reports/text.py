"""Runs in the terminal: coloured where there are colours, and just as readable in a plain log."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import IO, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from labkit.reports import against, doctor, words
from labkit.reports.cells import HEADINGS, Cells, cells

COLORS = {"faster": "green", "slower": "red", "same": "cyan", "unresolved": "yellow", "baseline": "bold"}
GIVE_WAY = ("threads", "set-up", "kind", "peak memory", "first call", "× limit")
PLAIN_WIDTH = 10_000  # columns: no table is that wide


def console(file: IO[str] | None = None) -> Console:
    """A console on standard output (or ``file``); wide enough in a log that nothing is broken or cut."""
    out = file or sys.stdout
    width = None if out.isatty() else PLAIN_WIDTH
    # In a notebook's kernel rich would display what it is told to write to a file.
    return Console(file=out, width=width, highlight=False, soft_wrap=False, force_jupyter=False)


def print_run(run: dict[str, Any], where: str | None = None, to: Console | None = None, printed: int = 0) -> None:
    """Print every table of a run but the first ``printed``, the machine, and where the run is stored."""
    out = to or console()
    for part in cells(run)[printed:]:
        print_table(part, out)
    for number, line in enumerate(against.lines(run)):
        if not number:
            out.print()
        out.print(Text(line), style="" if number else "bold", soft_wrap=True)
    for number, line in enumerate(doctor.lines(run)):
        if not number:
            out.print()
        out.print(Text(line), style="yellow", soft_wrap=True)
    print_origin(out, run, where)


def print_table(part: Cells, out: Console) -> None:
    """Print one table, as wide as the console, and the notes below it."""
    columns = fitting(HEADINGS, part.rows, GIVE_WAY, out.width)
    table = Table(title=Text(part.title), title_justify="left", box=None, pad_edge=False, header_style="bold")
    for number in columns:
        table.add_column(HEADINGS[number], justify="left" if number in (0, 1, 4) else "right", no_wrap=True)
    for row, verdict in zip(part.rows, part.verdicts, strict=True):
        color = COLORS.get(verdict, "")
        table.add_row(*[Text(row[number], style=color if number in (3, 4) else "") for number in columns])
    out.print()
    if part.rows:
        out.print(table)
    else:
        out.print(Text(part.title))
    if len(columns) < len(HEADINGS):
        left_out = ", ".join(heading for number, heading in enumerate(HEADINGS) if number not in columns)
        out.print(Text(f"  not shown for want of width: {left_out}"), style="dim", soft_wrap=True)
    for note in part.notes:
        out.print(Text("  " + note), style="dim" if not note.startswith("best") else "bold", soft_wrap=True)


def print_origin(out: Console, document: Mapping[str, Any], where: str | None) -> None:
    """Print below a run or a sweep whether it was stopped, the machine, and where it is stored."""
    out.print()
    if document["stopped"]:
        out.print("[yellow]stopped early: what is shown was done before[/yellow]")
    out.print(f"on {escape(words.machine(document['machine']))}", soft_wrap=True)
    if where:
        out.print(f"stored in {escape(where)}", soft_wrap=True)


def fitting(headings: Sequence[str], rows: Sequence[Sequence[str]], give_way: Sequence[str], width: int) -> list[int]:
    """The numbers of the columns that fit into a width; those that matter least for a decision give way first."""
    widths = [max(map(len, column)) + 2 for column in zip(headings, *rows, strict=True)]
    columns = list(range(len(headings)))
    for name in give_way:
        if sum(widths[kept] for kept in columns) - 2 <= width:  # none behind the last
            break
        columns = [number for number in columns if headings[number] != name]
    return columns
