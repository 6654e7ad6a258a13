"""The table of a comparison as HTML: one row a variant, its speed-up drawn as a bar with its interval on one shared axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from labkit.measure.result import arm_of
from labkit.reports import html, words
from labkit.reports.grid import Cell, Grid
from labkit.reports.runs import grids as runs

Row = dict[str, Any]

HEADINGS = {
    "variant": "",
    "kind": "",
    "median": "median of all calls",
    "speed-up [interval]": "baseline time / variant time, with its interval over launches",
    "verdict": "needs the whole interval beyond ±1 %, or within it",
    "× limit": "how many times as long as a plain copy of the bytes that must be read and written",
    "first call": "in a process of its own, with compilation and cold caches",
    "peak memory": "of the whole process tree, beyond its inputs",
    "agreement": "whether it computes what the reference computes",
}
LEFT = frozenset({0, 1, 4, 8})
SPEED_UP, VERDICT = 3, 4
# one shape a verdict, so that no one has to tell colours apart
SHAPES = {
    "faster": "M-4,-5 L5,0 L-4,5 Z",
    "slower": "M4,-5 L-5,0 L4,5 Z",
    "same": "M-4,-4 H4 V4 H-4 Z",
    "unresolved": "M-4.5,0 A4.5,4.5 0 1 0 4.5,0 A4.5,4.5 0 1 0 -4.5,0 Z",
    "baseline": "M-1.5,-6 H1.5 V6 H-1.5 Z",
}
AGREES = "✓ agrees"
FAILED = {"differs": "≠ differs", "crashed": "✕ crashed", "timed_out": "✕ timed out", "unavailable": "– unavailable"}
MOST_TICKS = 4


@dataclass(frozen=True)
class Axis:
    """A logarithmic axis of speed-ups from ``low`` to ``high``."""

    low: float
    high: float

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Axis:
        """One that holds 1 and every interval, with some air."""
        ends = [row[name] for row in rows for name in ("ratio", "ratio_low", "ratio_high") if row[name]]
        low, high = min([1.0, *ends]), max([1.0, *ends])
        air = max((high / low) ** 0.04, 1.02)
        return cls(low / air, high * air)

    def place(self, ratio: float) -> float:
        """Where a ratio lies, in per cent of the axis."""
        share = math.log(ratio / self.low) / math.log(self.high / self.low)
        return 100 * min(1.0, max(0.0, share))

    @property
    def ticks(self) -> list[float]:
        """Round numbers, 1 among them, far enough from each other to be read."""
        low, high = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        fine = [(1, steps) for steps in ((1, 2, 5), (1, 3))]
        for every, steps in (*fine, *((every, (1,)) for every in range(1, high - low + 2))):
            powers = [power for power in range(low, high + 1) if power % every == 0]
            marks = [step * 10.0**power for power in powers for step in steps]
            within = [mark for mark in marks if self.low <= mark <= self.high]
            if len(within) <= MOST_TICKS:
                break
        return within

    @property
    def svg(self) -> str:
        """Its marks, to stand above the bars."""
        marks = (f"<text x='{self.place(t):.1f}%' y='11' text-anchor='middle'>{t:g}×</text>" for t in self.ticks)
        return f"<svg height='14' aria-hidden='true'>{''.join(marks)}</svg>"


def compare_html(
    rows: Sequence[Row], baseline: str, title: str = "", *, running: bool = False, notes: Sequence[str] = ()
) -> str:
    """A table of rows in the contract's columns, the fastest first; those without a time last, with their reason.

    While it is ``running`` a row without figures is one that waits its turn. ``title`` stands above, ``notes`` below.
    """
    axis = Axis.of(rows)
    timed = sorted((row for row in rows if row["ratio"] is not None), key=lambda row: -row["ratio"])
    others = [row for row in rows if row["ratio"] is None]
    lines = [_timed(row, baseline, axis) for row in timed] + [_untimed(row, running) for row in others]
    heads = [Cell(name, hint=meaning) for name, meaning in HEADINGS.items()]
    heads[SPEED_UP] = replace(heads[SPEED_UP], drawn=axis.svg)
    grid = Grid(tuple(heads), LEFT, lines)
    above = f"<h3>{escape(title)}</h3>" if title else ""
    return f"{above}<div class='lk-scroll'>{html.table(grid, 'lk-compare', head=True)}</div>{html.notes(notes)}"


def _cells(row: Row, verdict: str, agreement: Cell) -> list[Cell]:
    """What the table of a run has of the columns here, and the last one."""
    known = dict(zip(runs.HEADINGS, runs.cells(row, verdict), strict=True))
    return [*(replace(known[name], key=None, tone="") for name in HEADINGS if name in known), agreement]


def _timed(row: Row, baseline: str, axis: Axis) -> list[Cell]:
    verdict = "baseline" if arm_of(row) == baseline else str(row["verdict"] or "")
    cells = _cells(row, verdict, Cell(AGREES))
    cells[SPEED_UP] = replace(cells[SPEED_UP], drawn=bar_svg(row, verdict, axis))
    cells[VERDICT] = replace(cells[VERDICT], tone=verdict, hint=words.reason(row))
    if row.get("provisional") and verdict != "baseline":
        cells[0] = replace(cells[0], tone="provisional")
        cells[VERDICT] = replace(cells[VERDICT], text=cells[VERDICT].text or "… so far")
    return cells


def _untimed(row: Row, running: bool) -> list[Cell]:
    """A row without a time: what is known of it, or why it has none."""
    status = str(row["status"])
    if status == "measured":
        checked = row["first_call_s"] is not None
        said = "waits to be timed" if checked and running else "waits to be checked" if running else words.reason(row)
        agreement = AGREES if checked else words.UNKNOWN
    else:
        said = words.outcome(status, words.reason(row))
        agreement = FAILED.get(status, words.UNKNOWN)
    trouble = "trouble" if status in FAILED and status != "unavailable" else ""
    cells = _cells(row, "", Cell(agreement, tone=trouble))
    cells[0] = replace(cells[0], tone="untimed")
    cells[2:6] = [Cell(said or words.UNKNOWN, span=4), *[Cell("")] * 3]
    return cells


def bar_svg(row: Row, kind: str, axis: Axis) -> str:
    """A bar from 1× to the ratio, the interval as a line with ends, and the verdict's mark; figures stand beside it."""
    one, at = axis.place(1.0), axis.place(row["ratio"])
    low, high = axis.place(row["ratio_low"] or row["ratio"]), axis.place(row["ratio_high"] or row["ratio"])
    ends = "".join(f"<line x1='{x:.2f}%' x2='{x:.2f}%' y1='6' y2='14'/>" for x in (low, high)) if high > low else ""
    shape = SHAPES.get(kind, SHAPES["unresolved"])
    return (
        f"<svg class='lk-{escape(kind or 'unresolved')}' height='20' aria-hidden='true'>"
        f"<line class='lk-one' x1='{one:.2f}%' x2='{one:.2f}%' y1='0' y2='20'/>"
        f"<rect x='{min(one, at):.2f}%' width='{abs(at - one):.2f}%' y='5' height='10'/>"
        f"<g class='lk-interval'><line x1='{low:.2f}%' x2='{high:.2f}%' y1='10' y2='10'/>{ends}</g>"
        f"<svg x='{at:.2f}%' y='10' overflow='visible'><path d='{shape}'/></svg></svg>"
    )
