"""A stage over past runs as HTML: one row a variant, its speed-ups with their intervals in the order of the runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from labkit.notebook.workbench.compare_html import SHAPES
from labkit.reports import html, words
from labkit.reports.grid import Cell, Grid
from labkit.reports.history.words import Group, groups, known_rows, sentences, since, speedup
from labkit.store.history import History, Series, Step

Row = Mapping[str, Any]  # of a history's frame

HEADINGS = ("variant", "runs", "last speed-up [interval]", "verdict", "× limit", "over the runs, oldest left")
FIGURES = ("run", "started", "variant", "speed-up [interval]", "verdict")
HEIGHT = 34
AIR = 1.1  # a curve is drawn over ±10 % at least, so that noise does not look like news


def history_html(history: History, workload: str) -> str:
    """One row a variant on one workload, the fastest of its last runs first; below, what is worth a look and every figure.

    Runs with another baseline or number of threads stand in a table of their own.
    """
    own = [group for group in groups(history) if group.workload == workload]
    notes = html.notes(sentences(history, workload))
    if not own:
        return f"<p class='lk-message'>No stored run of this machine holds timings of it yet.</p>{notes}"
    steps = {step.series: step for step in history.steps if step.figure == "ratio"}
    rows = known_rows(history.frame[history.frame["workload"] == workload])
    figures = [
        [Cell(row["run"]), Cell(words.moment(row["started"])), Cell(row["variant"]), *_last(row)] for row in rows
    ]
    listed = html.table(Grid(FIGURES, frozenset({0, 1, 2, 4}), figures[::-1]), "lk-figures")
    tables = "".join(_table(group, steps) for group in own)
    return f"{tables}{notes}<details><summary>Every figure, with its run</summary>{listed}</details>"


def _table(group: Group, steps: Mapping[Series, Step]) -> str:
    lines = []
    for series, frame in group.series.items():
        points = known_rows(frame)
        strip = Cell("", drawn=strip_svg(points, group.runs, steps.get(series)))
        limit = Cell(words.share(points[-1]["limit_ratio"]))
        lines.append([Cell(series.variant), Cell(str(len(points))), *_last(points[-1]), limit, strip])
    drawn = html.table(Grid(HEADINGS, frozenset({0, 3, 5}), lines), "lk-history", head=True)
    return f"<p class='lk-soft'>{escape(group.terms)}</p><div class='lk-scroll'>{drawn}</div>"


def _last(row: Row) -> list[Cell]:
    """The speed-up of a run and its verdict."""
    verdict = row["verdict"] or ("baseline" if row["ratio"] == 1.0 else "")
    return [Cell(speedup(row)), Cell(words.VERDICT_MARKS.get(verdict, verdict), tone=verdict)]


def strip_svg(points: Sequence[Row], runs: Sequence[str], step: Step | None = None) -> str:
    """Each run's ratio with its interval on a logarithmic scale of the variant's own, and its last step with both levels."""
    ends = [value for row in points for value in (row["ratio"], row["low"], row["high"]) if value is not None]
    middle = math.sqrt(min(ends) * max(ends))
    low, high = min([*ends, middle / AIR]), max([*ends, middle * AIR])

    def across(row: Row) -> float:
        return 100 * (runs.index(str(row["run"])) + 0.5) / len(runs)

    def down(ratio: float) -> float:
        return HEIGHT - 5 - (HEIGHT - 10) * math.log(ratio / low) / math.log(high / low)

    parts = [] if step is None else [_step_svg(step, runs, down)]
    for before, after in pairwise(points):
        parts.append(
            f"<line class='lk-path' x1='{across(before):.2f}%' x2='{across(after):.2f}%' "
            f"y1='{down(before['ratio']):.1f}' y2='{down(after['ratio']):.1f}'/>"
        )
    for row in points:
        x, y = across(row), down(row["ratio"])
        verdict = row["verdict"] or "baseline"
        interval = ""
        if row["low"] is not None and row["high"] is not None:
            interval = f"<line x1='{x:.2f}%' x2='{x:.2f}%' y1='{down(row['low']):.1f}' y2='{down(row['high']):.1f}'/>"
        sentence = f"{speedup(row)} in run {row['run']}"
        parts.append(
            f"<g class='lk-interval'><title>{escape(sentence)}</title>{interval}</g>"
            f"<svg class='lk-{escape(verdict)}' x='{x:.2f}%' y='{y:.1f}' overflow='visible'>"
            f"<path d='{SHAPES.get(verdict, SHAPES['unresolved'])}' transform='scale(.8)'>"
            f"<title>{escape(sentence)}</title></path></svg>"
        )
    return f"<svg height='{HEIGHT}' role='img' aria-label='{escape(_told(points))}'>{''.join(parts)}</svg>"


def _step_svg(step: Step, runs: Sequence[str], down: Callable[[float], float]) -> str:
    """An upright line before the first run of the later level, and both levels."""

    def between(run: str, after: bool) -> float:
        return 100 * (runs.index(run) + after) / len(runs)

    at = between(step.after.first, False)
    parts = [
        f"<title>{escape(since(step))}</title><line class='lk-step' x1='{at:.2f}%' x2='{at:.2f}%' y1='0' y2='{HEIGHT}'/>"
    ]
    for level, left, right in (
        (step.before, between(step.before.first, False), at),
        (step.after, at, between(step.after.last, True)),
    ):
        y = down(level.ratio)
        parts.append(f"<line class='lk-level' x1='{left:.2f}%' x2='{right:.2f}%' y1='{y:.1f}' y2='{y:.1f}'/>")
    return f"<g>{''.join(parts)}</g>"


def _told(points: Sequence[Row]) -> str:
    return "speed-ups, oldest first: " + ", ".join(words.factor(row["ratio"]) for row in points)
