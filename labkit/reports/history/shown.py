"""A stage over stored runs, as the terminal and a notebook show it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import pandas as pd
from rich.console import Console
from rich.text import Text

from labkit.reports import words
from labkit.reports.grid import Cell, Grid
from labkit.reports.history.words import groups, known, known_rows, sentences, speedup
from labkit.reports.html import notes, whole
from labkit.reports.terminal import PLAIN_WIDTH, console, draw_whole, plain
from labkit.store.history import History, Series, Step

HEADINGS = ("variant", "runs", "over the runs, oldest left", "last speed-up [interval]", "× limit")
BESIDE = ("variant", "runs", "last speed-up [interval]", "× limit")
BARS = "▁▂▃▄▅▆▇█"
STEP_MARK = "│"
NOT_TIMED = "·"
LEAST_RANGE = math.log(1.21)  # of a sparkline: what moves by less than ±10 % is not drawn as if it were news
WIDEST = 60  # runs in a sparkline: the last ones


class Row(NamedTuple):
    """A series as one row of its table."""

    variant: str
    runs: int
    speedups: list[float]  # in each run of the table, oldest first; NaN where it was not timed
    step: int | None  # the place in ``speedups`` where the last step is
    last: str
    limit: str


@dataclass(frozen=True, repr=False)
class HistoryShown:
    """The history of a stage: ``frame`` (one row an arm and run), ``worth_a_look`` (one row a step), ``document``."""

    history: History

    @property
    def frame(self) -> pd.DataFrame:
        return self.history.frame

    @property
    def worth_a_look(self) -> pd.DataFrame:
        """One row a series and figure that has a step: since which run, from which ratio to which, and how many runs."""
        names = [f"{side}_{name}" for side in ("before", "after") for name in ("runs", "ratio", "low", "high")]
        flat = pd.json_normalize([_step_facts(step) for step in self.history.steps], sep="_")
        return flat.reindex(columns=[*Series._fields, "figure", "run", "started", *names])

    @property
    def document(self) -> dict[str, Any]:
        """All of it as JSON has it: what is unknown is None."""
        record = self.history
        about = {"stage": record.stage, "machine": record.machine, "elsewhere": record.elsewhere}
        steps = [_step_facts(step) for step in record.steps]
        return about | {"passed_over": record.passed_over, "rows": known_rows(record.frame), "worth_a_look": steps}

    def __repr__(self) -> str:
        return plain(lambda out: print_history(self.history, out))

    def _repr_html_(self) -> str:
        return "".join(map(whole, grids(self.history))) + notes(sentences(self.history))


def print_history(history: History, to: Console | None = None) -> None:
    """Print a table for each workload, baseline and number of threads, one line a variant; below, what is worth a look."""
    out = to or console()
    for grid in grids(history, out.width):
        draw_whole(grid, out)
        out.print()
    for sentence in sentences(history):
        out.print(Text(sentence), soft_wrap=True)


def grids(history: History, width: int = PLAIN_WIDTH) -> list[Grid]:
    """A grid for each group, a row a variant; in each as many runs are drawn as fit into ``width`` columns."""
    steps = {step.series: step for step in history.steps if step.figure == "ratio"}
    made = []
    for group in groups(history):
        lines = [_row(series, rows, group.runs, steps.get(series)) for series, rows in group.series.items()]
        others = [max(map(len, cells)) + 2 for cells in zip(BESIDE, *map(_beside, lines), strict=True)]
        widest = max(len(STEP_MARK) + 8, min(WIDEST, width - sum(others) - 1))
        rows = [
            [Cell(line.variant), Cell(str(line.runs)), Cell(sparkline(line, widest)), Cell(line.last), Cell(line.limit)]
            for line in lines
        ]
        title = words.one_line(f"{history.stage} on {group.workload} ({group.terms})")
        made.append(Grid(HEADINGS, frozenset({0, 2}), rows, title=title, prose=frozenset({2})))
    return made


def sparkline(row: Row, widest: int = WIDEST) -> str:
    """The last speed-ups of a series as bars on a logarithmic scale of its own, a mark where its last step is."""
    ratios = row.speedups[-(widest - len(STEP_MARK)) :]
    logs = [math.log(ratio) for ratio in ratios]  # NaN stays NaN
    timed = [log for log in logs if log == log] or [0.0]
    middle, half = (max(timed) + min(timed)) / 2, max(max(timed) - min(timed), LEAST_RANGE) / 2
    bars = [NOT_TIMED if log != log else _bar((log - middle + half) / (2 * half)) for log in logs]
    place = None if row.step is None else row.step - (len(row.speedups) - len(ratios))
    if place is not None and place > 0:
        bars.insert(place, STEP_MARK)
    return "".join(bars)


def _bar(height: float) -> str:
    return BARS[min(int(height * len(BARS)), len(BARS) - 1)]


def _row(series: Series, rows: pd.DataFrame, runs: list[str], step: Step | None) -> Row:
    last = known_rows(rows.iloc[-1:])[0]
    speedups = rows.set_index("run")["ratio"].reindex(runs).tolist()
    place = None if step is None else runs.index(step.after.first)
    limit = words.share(last["limit_ratio"])
    return Row(words.one_line(series.variant), len(rows), speedups, place, speedup(last), limit)


def _beside(row: Row) -> Sequence[str]:
    """The cells beside the sparkline."""
    return row.variant, str(row.runs), row.last, row.limit


def _step_facts(step: Step) -> dict[str, Any]:
    about = {"figure": step.figure, "run": step.after.first, "started": step.after.started}
    levels = {"before": step.before, "after": step.after}
    sides = {side: {name: known(value) for name, value in asdict(level).items()} for side, level in levels.items()}
    return step.series._asdict() | about | sides
