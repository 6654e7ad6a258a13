"""What the doctor says as the terminal and a notebook show it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd
from rich.console import Console
from rich.text import Text

from labkit.reports import words
from labkit.reports.doctor.grids import grids
from labkit.reports.doctor.words import summary
from labkit.reports.html import origin, whole
from labkit.reports.terminal import COLORS, console, draw_whole, plain


def print_doctor(document: dict[str, Any], to: Console | None = None) -> None:
    """Print each section: a mark, what it is, its figures; below a note or warning what goes wrong by it, and the way out."""
    out = to or console()
    for grid in grids(document):
        draw_whole(grid, out)
        out.print()
    if document["stopped"]:
        out.print(Text(words.STOPPED, style="yellow"))
    out.print(Text(words.machine(document["machine"]), style="dim"), soft_wrap=True)
    color = COLORS["ok" if document["healthy"] else "warning"]
    out.print(Text(summary(document["doctor"]), style=color), soft_wrap=True)


def html(document: dict[str, Any]) -> str:
    """The sections as tables, the machine, and how many warnings there are; whatever came from outside is escaped."""
    headline = f"<p><b>{escape(summary(document['doctor']))}</b></p>"
    return headline + "".join(map(whole, grids(document))) + origin(document)


@dataclass(frozen=True, repr=False)
class DoctorShown:
    """What the doctor found: ``document`` is all of it; in a notebook it shows itself as a table."""

    document: dict[str, Any]

    @property
    def healthy(self) -> bool:
        """No warning was found."""
        return bool(self.document["healthy"])

    @property
    def frame(self) -> pd.DataFrame:
        """One row a finding."""
        return pd.DataFrame(self.document["doctor"])

    def __repr__(self) -> str:
        return plain(lambda out: print_doctor(self.document, out))

    def _repr_html_(self) -> str:
        return html(self.document)
