"""A finished sweep, as the terminal and a notebook show it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console

from labkit.reports.html import drawing, origin, whole
from labkit.reports.sweep.grid import grid
from labkit.reports.sweep.words import Document
from labkit.reports.terminal import console, draw_whole, plain, print_origin
from labkit.store import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
        from labkit.reports.sweep.figure import figure  # matplotlib takes its time

        return figure(self.document)

    def __repr__(self) -> str:
        return plain(lambda out: print_sweep(self.document, self._where, out))

    def _repr_html_(self) -> str:
        return html(self.document, self._where)

    @property
    def _where(self) -> str | None:
        return str(self.run.folder) if self.run else None


def print_sweep(document: Document, where: str | None = None, to: Console | None = None) -> None:
    """Print the table of a sweep, what it says, the machine, and where the run is stored."""
    out = to or console()
    part = grid(document)
    out.print()
    draw_whole(part, out, first=lambda note: note == part.notes[0])
    print_origin(out, document, where)


def html(document: Document, where: str | None = None) -> str:
    """The table with its notes, the picture, and the machine; whatever came from outside is escaped."""
    from labkit.reports.sweep.figure import drawable, figure  # matplotlib takes its time

    look = "style='max-width:100%;background:white'"
    drawn = f"<p>{drawing(figure(document), 'the sweep, drawn', look)}</p>" if drawable(document) else ""
    return whole(grid(document)) + drawn + origin(document, where)
