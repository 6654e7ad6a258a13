"""Grids in the terminal: coloured where there are colours, and just as readable in a plain log."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import IO, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from labkit.reports import words
from labkit.reports.grid import Cell, Grid

COLORS = {
    "faster": "green",
    "agrees": "green",
    "slower": "red",
    "failed": "red",
    "same": "cyan",
    "unresolved": "yellow",
    "unavailable": "yellow",
    "ok": "green",
    "note": "cyan",
    "warning": "bold yellow",
    "baseline": "bold",
    "total": "bold",
    "idle": "dim",
    "unmatched": "yellow",
}
HOT, WARM = 0.2, 0.05  # heat from which a cell is marked
LEAST_CODE = 30  # columns of a terminal that source has at least, all of it together
PLAIN_WIDTH = 10_000  # columns: no table is that wide


def console(file: IO[str] | None = None) -> Console:
    """A console on standard output (or ``file``); wide enough in a log that nothing is broken or cut."""
    out = file or sys.stdout
    width = None if out.isatty() else PLAIN_WIDTH
    # In a notebook's kernel rich would display what it is told to write to a file.
    return Console(file=out, width=width, highlight=False, soft_wrap=False, force_jupyter=False)


def plain(draw: Callable[[Console], None], width: int = PLAIN_WIDTH) -> str:
    """What is drawn on a console, as plain text."""
    stream = io.StringIO()
    draw(Console(file=stream, width=width, highlight=False, color_system=None, force_jupyter=False))
    return "\n".join(line.rstrip() for line in stream.getvalue().strip("\n").split("\n"))


def draw(grid: Grid, out: Console) -> None:
    """Print a grid without its title and notes, as wide as the console; columns that give way are named below."""
    columns, heads = fitting(grid, out.width), [cell.text for cell in grid.heads]
    sharing = len(grid.code) or 1
    room = out.width - _width(grid, columns, grid.code) - 2 * (sharing - 1)
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=any(heads))
    for number in columns:
        side: Any = "left" if number in grid.left else "right"
        widest = max(LEAST_CODE // sharing, room // sharing) if number in grid.code else None
        table.add_column(Text(heads[number]), justify=side, no_wrap=number not in grid.prose, max_width=widest)
    for row in grid.rows:
        table.add_row(*[Text(row[number].text, style=_style(row[number])) for number in columns])
    if grid.rows:
        out.print(table)
    if len(columns) < len(heads):
        left_out = ", ".join(heading for number, heading in enumerate(heads) if number not in columns)
        out.print(Text(f"  not shown for want of width: {left_out}"), style="dim", soft_wrap=True)


def draw_whole(grid: Grid, out: Console, first: Callable[[str], bool] = lambda note: False) -> None:
    """Print a grid with its title above and its notes below; the note that comes ``first`` in weight is bold."""
    out.print(Text(grid.title, style="italic"), soft_wrap=True)
    draw(grid, out)
    for note in grid.notes:
        out.print(Text("  " + note), style="bold" if first(note) else "dim", soft_wrap=True)


def print_lines(lines: Sequence[str], out: Console, first: str, rest: str) -> None:
    """Print sentences below an empty line, the first in a style of its own; nothing for none."""
    for number, line in enumerate(lines):
        if not number:
            out.print()
        out.print(Text(line), style=rest if number else first, soft_wrap=True)


def print_origin(out: Console, document: Mapping[str, Any], where: str | None) -> None:
    """Print below a run or a sweep whether it was stopped, the machine, and where it is stored."""
    out.print()
    if document["stopped"]:
        out.print(Text(words.STOPPED, style="yellow"))
    out.print(f"on {escape(words.machine(document['machine']))}", soft_wrap=True)
    if where:
        out.print(f"stored in {escape(where)}", soft_wrap=True)


def _style(cell: Cell) -> str:
    hot = "bold red" if cell.heat >= HOT else "yellow" if cell.heat >= WARM else ""
    return COLORS.get(cell.tone, hot)


def _width(grid: Grid, columns: Sequence[int], but: Collection[int] = ()) -> int:
    """How many columns of a terminal those of a grid take, each with what parts it from the next."""
    texts = list(zip((cell.text for cell in grid.heads), *grid.texts, strict=True))
    return sum(max(map(len, texts[number])) + 2 for number in columns if number not in but)


def fitting(grid: Grid, width: int) -> list[int]:
    """The numbers of the columns that fit into a width; those that matter least for a decision give way first."""
    columns = list(range(len(grid.headings)))
    for name in grid.give_way:
        if _width(grid, columns) - 2 <= width:  # none behind the last
            break
        columns = [number for number in columns if grid.headings[number] != name]
    return columns
