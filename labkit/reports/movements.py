"""How the ratios of two stored runs moved, as a grid."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.reports import words
from labkit.reports.grid import Cell, Grid, name, number
from labkit.store.compare import Movement

TONES = {"faster": "faster", "slower": "slower", "lost": "slower"}
HEADINGS = ("stage", "workload", "variant", "before", "after", "change", "verdict")


def movement_grid(movements: Sequence[Movement]) -> Grid:
    """One row an arm: its ratio to the baseline before and after, and the quotient of the two."""
    rows = []
    for m in movements:
        sides = [
            number(words.times(side) if side else words.UNKNOWN, side["ratio"] if side else None)
            for side in (m.before, m.after)
        ]
        change = number(words.UNKNOWN if m.change is None else words.percent(m.change), m.change)
        verdict = Cell(words.MOVEMENTS[m.moved], tone=TONES.get(m.moved, ""))
        rows.append([name(m.stage), name(m.workload), name(m.arm), *sides, change, verdict])
    return Grid(HEADINGS, frozenset({0, 1, 2, 6}), rows, prose=frozenset({0, 1, 2, 6}))
