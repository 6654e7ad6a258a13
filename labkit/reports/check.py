"""What the agreement gate found, one row an arm, in the words of ``labkit check``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from labkit.measure.result import arm_of
from labkit.reports import html, terminal, words
from labkit.reports.grid import Cell, Grid

HEADINGS = ("stage", "workload", "variant", "result", "what differs, why not, or what to know")


class CheckShown(pd.DataFrame):
    """The rows as a frame, shown as a table; what is cut out of it is a plain frame."""

    @property
    def rows(self) -> list[dict[Any, Any]]:
        """The rows as what JSON can hold: None where nothing is known."""
        return self.astype(object).where(self.notna(), None).to_dict("records")

    @property
    def grid(self) -> Grid:
        return Grid(HEADINGS, frozenset(range(5)), [_cells(row) for row in self.rows], prose=frozenset({4}))

    def __repr__(self) -> str:
        return terminal.plain(lambda out: terminal.draw(self.grid, out))

    def _repr_html_(self) -> str:
        return html.table(self.grid)


def _cells(row: Mapping[Any, Any]) -> list[Cell]:
    result = "agrees" if row["status"] == "measured" else row["status"].replace("_", " ")
    tone = result if result in ("agrees", "unavailable") else "failed"
    names = [Cell(words.one_line(name)) for name in (row["stage"], row["workload"], arm_of(row))]
    return [*names, Cell(result, tone=tone), Cell(words.one_line(row["reason"] or row["note"] or ""))]
