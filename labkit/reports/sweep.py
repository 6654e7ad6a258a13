"""A finished sweep, as the terminal and a notebook show it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from labkit.reports.sweep_cells import COLORED, LEFT, cells
from labkit.reports.sweep_html import html
from labkit.reports.sweep_words import Document
from labkit.reports.text import COLORS, console, fitting, print_origin
from labkit.store import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GIVE_WAY = ("set-up", "items/s", "the law", "peak memory", "per worker", "an item", "size")


@dataclass(frozen=True, repr=False)
class SweepShown:
    """A sweep: ``document`` is all of it, ``run`` the stored run with its raw samples, ``path`` where the sweep is stored.

    ``run`` and ``path`` are None when they could not be stored; ``problem`` then says why.
    """

    document: dict[str, Any]
    run: Run | None = None
    path: Path | None = None
    problem: str | None = None

    @property
    def frame(self) -> pd.DataFrame:
        """One row a point of the axis; for a sweep over size one row a variant and workload."""
        if self.document["axis"] != "size":
            return pd.DataFrame(self.document["points"])
        curves = self.document["curves"]
        return pd.DataFrame([{"arm": curve["arm"]} | point for curve in curves for point in curve["points"]])

    @property
    def best(self) -> int | None:
        """The value of the axis with the best point, decided or not; None for a sweep over size, or without timings."""
        found = self.document.get("best")
        return None if found is None else int(found["value"])

    def figure(self) -> Figure:
        """The curve, drawn; raises UsageError when there are too few timings."""
        from labkit.reports.sweep_figure import figure  # matplotlib takes its time

        return figure(self.document)

    def __repr__(self) -> str:
        stream = io.StringIO()
        print_sweep(self.document, self._where, console(stream))
        return stream.getvalue().strip("\n")

    def _repr_html_(self) -> str:
        return html(self.document, self._where)

    @property
    def _where(self) -> str | None:
        return str(self.run.folder) if self.run else None


def print_sweep(document: Document, where: str | None = None, to: Console | None = None) -> None:
    """Print the table of a sweep, what it says, the machine, and where the run is stored."""
    out = to or console()
    part = cells(document)
    shown = fitting(part.headings, part.rows, GIVE_WAY, out.width)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number in shown:
        name = part.headings[number]
        table.add_column(name, justify="left" if name in LEFT else "right", no_wrap=True)
    for row, verdict in zip(part.rows, part.verdicts, strict=True):
        color = COLORS.get(verdict, "")
        table.add_row(*[Text(row[n], style=color if part.headings[n] in COLORED else "") for n in shown])
    out.print()
    out.print(Text(part.title, style="italic"), soft_wrap=True)
    if part.rows:
        out.print(table)
    if len(shown) < len(part.headings):
        left_out = ", ".join(name for number, name in enumerate(part.headings) if number not in shown)
        out.print(Text(f"  not shown for want of width: {left_out}"), style="dim", soft_wrap=True)
    for number, note in enumerate(part.notes):
        out.print(Text("  " + note), style="bold" if number == 0 else "dim", soft_wrap=True)
    print_origin(out, document, where)
