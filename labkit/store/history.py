"""A stage over the runs stored on this machine, and where its figures step from one level to another.

Ratios alone, to the baseline and to the limit; seconds of two runs are never put side by side. What two runs have to
share for their ratios to be of one series: the machine (its name alone may be another's, a container's say), the CPUs it
lets be used, the baseline, and the threads. A run against a revision is of no series: its baselines are of that revision.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labkit.core.errors import UsageError, listed
from labkit.core.registry import registry
from labkit.measure.machine import machine_facts
from labkit.measure.result import arm_of
from labkit.measure.statistics import GATE, Level, levels
from labkit.store.run import Run, all_runs, results_folder

Floats = NDArray[np.float64]

MACHINE = ("host", "cpu", "cpu_limit")
FIGURES = ("ratio", "limit_ratio")


class Series(NamedTuple):
    """What runs of one series share, besides the machine; None where a run does not tell."""

    workload: str
    variant: str
    baseline: str | None
    threads: int | None


COLUMNS = ("run", "started", *Series._fields, "ratio", "low", "high", "limit_ratio", "verdict")


@dataclass(frozen=True, slots=True)
class Plateau:
    """One level of a figure: from run ``first`` to ``last``, ``runs`` of them.

    ``ratio`` is the median of theirs; ``low`` and ``high`` are the medians of their intervals' ends, what one of
    these runs says: NaN for a figure that has no interval.
    """

    first: str
    last: str
    started: str
    runs: int
    ratio: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Step:
    """The last step of a figure (``ratio``, to the baseline, or ``limit_ratio``): worth a look since ``after.first``."""

    series: Series
    figure: str
    before: Plateau
    after: Plateau


@dataclass(frozen=True)
class History:
    """A stage over the runs of this machine, the steps in it, and what is not in it.

    ``frame`` has one row an arm that was timed, oldest run first: run, started, workload, variant (with its engine),
        baseline, threads, ratio, low, high (the ratio's interval), limit_ratio, verdict; unknown figures are NaN.
    ``elsewhere`` is the number of runs of the stage on other machines; ``passed_over`` is one line on runs that could not
    be read, None where all could.
    """

    stage: str
    folder: Path
    machine: dict[str, Any]
    frame: pd.DataFrame
    steps: list[Step]
    elsewhere: int
    passed_over: str | None


def read_history(stage: str, folder: Path | None = None) -> History:
    """The history of a stage in a results folder, ``$LABKIT_RESULTS`` or ``results/`` when None.

    Raises UsageError for a name that is neither a stage nor in a stored run.
    """
    sentences: list[str] = []
    home = folder or results_folder()
    runs = all_runs(home, sentences.append)
    having = [run for run in runs if any(row.get("stage") == stage for row in _dicts(run, "rows"))]
    if not having:
        known = _stages(runs)
        if stage not in known:
            raise UsageError(f"{stage!r} is no stage; stages: {listed(sorted(known))}")
    having = [run for run in having if "against" not in run.document]
    here = {name: fact for name, fact in machine_facts().items() if name in MACHINE}
    mine = [run for run in having if all(_dict(run, "machine").get(name) == here[name] for name in MACHINE)]
    frame = _frame(stage, mine)
    return History(
        stage, home, here, frame, worth_a_look(frame), len(having) - len(mine), sentences[0] if sentences else None
    )


def is_stage(name: str, folder: Path | None = None) -> bool:
    """Whether a stage of that name is there, or was once in a stored run."""
    return name in _stages(all_runs(folder))


def _stages(runs: list[Run]) -> set[str]:
    registry.discover()
    return {str(row.get("stage")) for run in runs for row in _dicts(run, "rows")} | set(registry.stages)


def worth_a_look(frame: pd.DataFrame) -> list[Step]:
    """The last step of more than the gate in each series of ``frame`` (of `read_history`) and figure, newest first.

    Two stored runs are two moments: a step says since which run a ratio lies elsewhere, not why. Whether code got slower
    is told by measuring old and new in one run.
    """
    found = []
    for series, rows in by_series(frame).items():
        for figure in FIGURES:
            plateaus = _plateaus(rows, figure)
            for before, after in reversed(list(pairwise(plateaus))):
                if abs(math.log(after.ratio / before.ratio)) > GATE:
                    found.append(Step(series, figure, before, after))
                    break
    return sorted(found, key=lambda step: step.after.started, reverse=True)


def by_series(frame: pd.DataFrame) -> dict[Series, pd.DataFrame]:
    """The rows of each series, in their order; series in the order of their first runs."""
    places: dict[Series, list[int]] = {}
    for place, shared in enumerate(frame[list(Series._fields)].itertuples(index=False, name=None)):
        places.setdefault(Series(*shared), []).append(place)
    return {series: frame.iloc[rows] for series, rows in places.items()}


def _plateaus(rows: pd.DataFrame, figure: str) -> list[Plateau]:
    ratios = rows[figure].to_numpy(float)
    low, high = ((rows[end] if figure == "ratio" else rows[end] * math.nan).to_numpy(float) for end in ("low", "high"))
    with np.errstate(invalid="ignore"):
        found = levels(np.log(ratios), np.log(high / low))
    return [_plateau(rows, level, low, high) for level in found]


def _plateau(rows: pd.DataFrame, level: Level, low: Floats, high: Floats) -> Plateau:
    within, ratio = slice(level.first, level.last + 1), math.exp(level.value)
    known = ~np.isnan(low[within]) & ~np.isnan(high[within])
    least = most = math.nan
    if known.any():
        least, most = (
            min(ratio, float(np.median(low[within][known]))),
            max(ratio, float(np.median(high[within][known]))),
        )
    first, last = (str(rows["run"].iloc[place]) for place in (level.first, level.last))
    return Plateau(first, last, str(rows["started"].iloc[level.first]), level.runs, ratio, least, most)


def _frame(stage: str, runs: list[Run]) -> pd.DataFrame:
    """One row an arm that was timed, oldest run first; unknown figures are NaN, unknown words and threads None."""
    arms = [(run, row) for run in runs for row in _dicts(run, "rows") if row.get("stage") == stage]
    rows = [_row(run, row) for run, row in arms if _number(row.get("ratio")) > 0]
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
    frame = frame.astype(dict.fromkeys(("ratio", "low", "high", "limit_ratio"), float))
    frame = frame.drop_duplicates(["run", *Series._fields])  # else one run would count twice
    return frame.sort_values(["started", "run"], kind="stable", ignore_index=True)


def _row(run: Run, row: dict[str, Any]) -> tuple[Any, ...]:
    bases = {_place(table): table.get("baseline") for table in _dicts(run, "tables")}
    baseline, threads = bases.get(_place(row)), _dict(run, "settings").get("threads")
    about = (run.folder.name, str(run.document.get("started")), str(row.get("workload")), arm_of(row))
    terms = (baseline if isinstance(baseline, str) else None, threads if isinstance(threads, int) else None)
    figures = (_number(row.get(name)) for name in ("ratio", "ratio_low", "ratio_high", "limit_ratio"))
    return (*about, *terms, *figures, row.get("verdict"))


def _place(facts: dict[str, Any]) -> tuple[str, str]:
    return str(facts.get("stage")), str(facts.get("workload"))


# A folder of results may hold what another program wrote: what is not as it should be is not there.


def _dict(run: Run, name: str) -> dict[str, Any]:
    found = run.document.get(name)
    return found if isinstance(found, dict) else {}


def _dicts(run: Run, name: str) -> list[dict[str, Any]]:
    found = run.document.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _number(value: Any) -> float:
    """A ratio, finite and above 0; NaN for anything else."""
    return float(value) if isinstance(value, int | float) and 0 < value < math.inf else math.nan
