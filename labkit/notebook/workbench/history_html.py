"""A stage over past runs as HTML: one row a variant, its speed-ups with their intervals in the order of the runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from labkit.notebook.workbench.compare_html import SHAPES
from labkit.reports import words
from labkit.reports.grid import Cell, Grid
from labkit.reports.history.words import Group, groups, sentences, since
from labkit.reports.html import table
from labkit.store.history import History, Series, Step

Row = Mapping[Any, Any]  # of a history's frame

HEADINGS = ("variant", "runs", "last speed-up [interval]", "verdict", "× limit", "over the runs, oldest left")
NUMBERS = ("runs", "last speed-up [interval]", "× limit")
FIGURES = ("run", "started", "variant", "speed-up [interval]", "verdict")
HEIGHT = 34
AIR = 1.1  # a curve is drawn over ±10 % at least, so that noise does not look like news


def history_html(history: History, workload: str) -> str:
    """One row a variant on one workload, the fastest of its last runs first; below, what is worth a look and every figure.

    Runs with another baseline or number of threads stand in a table of their own.
    """
    own = [group for group in groups(history) if group.workload == workload]
    items = "".join(f"<li>{escape(text)}</li>" for text in sentences(history, workload))
    notes = f"<ul class='lk-notes'>{items}</ul>" if items else ""
    if not own:
        return f"<p class='lk-message'>No stored run of this machine holds timings of it yet.</p>{notes}"
    steps = {step.series: step for step in history.steps if step.figure == "ratio"}
    rows = history.frame[history.frame["workload"] == workload].to_dict("records")
    return (
        "".join(_table(group, steps) for group in own)
        + notes
        + f"<details><summary>Every figure, with its run</summary>{_figures(rows)}</details>"
    )


def _table(group: Group, steps: Mapping[Series, Step]) -> str:
    head = "".join(f"<th scope='col'{_side(name)}>{escape(name)}</th>" for name in HEADINGS)
    body = "".join(
        _curve(series.variant, rows.to_dict("records"), group.runs, steps.get(series))
        for series, rows in group.series.items()
    )
    return (
        f"<p class='lk-soft'>{escape(group.terms)}</p><div class='lk-scroll'><table class='lk-history'>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _side(name: str) -> str:
    return " class='lk-number'" if name in NUMBERS else ""


def known(value: Any) -> bool:
    """Whether a figure is there: neither None nor NaN, which a data frame puts in its place."""
    return value is not None and value == value


def speedup(row: Row) -> str:
    """A speed-up with its interval, as anywhere."""
    low, high = (row[name] if known(row[name]) else None for name in ("low", "high"))
    return words.times({"ratio": row["ratio"], "ratio_low": low, "ratio_high": high})


def _curve(variant: str, points: Sequence[Row], runs: Sequence[str], step: Step | None) -> str:
    last = points[-1]
    verdict = str(last["verdict"]) if known(last["verdict"]) else "baseline" if last["ratio"] == 1.0 else ""
    cells = (
        f"<td class='lk-number'>{len(points)}</td><td class='lk-number'>{escape(speedup(last))}</td>"
        f"<td class='lk-verdict lk-{escape(verdict)}'>{escape(words.VERDICT_MARKS.get(verdict, verdict))}</td>"
        f"<td class='lk-number'>{escape(words.share(last['limit_ratio'] if known(last['limit_ratio']) else None))}</td>"
    )
    strip = f"<td class='lk-strip'>{strip_svg(points, runs, step)}</td>"
    return f"<tr><th scope='row'><b>{escape(variant)}</b></th>{cells}{strip}</tr>"


def strip_svg(points: Sequence[Row], runs: Sequence[str], step: Step | None = None) -> str:
    """Each run's ratio with its interval on a logarithmic scale of the variant's own, and its last step with both levels."""
    ends = [value for row in points for value in (row["ratio"], row["low"], row["high"]) if known(value)]
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
        verdict = str(row["verdict"]) if known(row["verdict"]) else "baseline"
        interval = ""
        if known(row["low"]) and known(row["high"]):
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


def _figures(rows: Sequence[Row]) -> str:
    cells = []
    for row in reversed(rows):
        verdict = str(row["verdict"]) if known(row["verdict"]) else ""
        names = (str(row["run"]), words.moment(row["started"]), str(row["variant"]))
        cells.append([*map(Cell, names), Cell(speedup(row)), Cell(words.VERDICT_MARKS.get(verdict, verdict))])
    return table(Grid(FIGURES, frozenset({0, 1, 2, 4}), cells))
