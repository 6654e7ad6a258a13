"""What the doctor says, in the terminal; and as an object that shows itself in a notebook."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from labkit.reports import words
from labkit.reports.doctor import MARKS, sections, summary
from labkit.reports.doctor_html import html
from labkit.reports.terminal import console

COLORS = {"ok": "green", "note": "cyan", "warning": "bold yellow"}


def print_doctor(document: dict[str, Any], to: Console | None = None) -> None:
    """Print each section: a mark, what it is, its figures; below a note or warning what goes wrong by it, and the way out."""
    out = to or console()
    for number, section in enumerate(sections(document)):
        if number:
            out.print()
        out.print(Text(section.title, style="bold"), soft_wrap=True)
        table = Table.grid(padding=(0, 2, 0, 0))
        for level, name, text, why, way_out in section.rows:
            color = COLORS.get(level, "dim")
            plain = "" if level == "ok" else color
            table.add_row(Text(MARKS.get(level, "–"), style=color), Text(name), Text(text, style=plain))
            if why:
                table.add_row("", "", Text(why, style="dim"))
                table.add_row("", "", Text(f"→ {way_out}"))
        out.print(table)
    out.print()
    if document["stopped"]:
        out.print("[yellow]stopped early: what is shown was done before[/yellow]")
    out.print(Text(words.machine(document["machine"]), style="dim"), soft_wrap=True)
    color = COLORS["warning" if not document["healthy"] else "ok"]
    out.print(Text(summary(document["doctor"]), style=color), soft_wrap=True)


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
        stream = io.StringIO()
        print_doctor(self.document, console(stream))
        return stream.getvalue().strip("\n")

    def _repr_html_(self) -> str:
        return html(self.document)
