"""How a history is worded: what can be shown together, and since which run it is worth a look."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from labkit.reports import words
from labkit.store.history import History, Plateau, Series, Step, by_series


class Group(NamedTuple):
    """Series on one workload with the same terms (baseline and threads), and all runs in them, oldest first."""

    workload: str
    terms: str
    runs: list[str]
    series: dict[Series, pd.DataFrame]


def groups(history: History) -> list[Group]:
    """What can be shown together: by workload, that with the newest run first; in each the fastest in its last run first."""
    together: dict[tuple[str, str], dict[Series, pd.DataFrame]] = {}
    for series, rows in by_series(history.frame).items():
        together.setdefault((series.workload, _terms(series)), {})[series] = rows
    found = []
    for (workload, terms), own in together.items():
        moments = pd.concat([rows[["started", "run"]] for rows in own.values()]).drop_duplicates()
        runs = moments.sort_values(["started", "run"])["run"].tolist()
        fastest = sorted(own.items(), key=lambda item: -item[1]["ratio"].iloc[-1])
        found.append((moments["started"].max(), Group(workload, terms, runs, dict(fastest))))
    newest = [group for _, group in sorted(found, key=lambda item: item[0], reverse=True)]
    return sorted(newest, key=lambda group: group.workload)


def sentences(history: History, workload: str | None = None) -> list[str]:
    """What is worth a look (on one workload, as the dashboard shows it), what that means, and what is not in the history."""
    found = [
        f"{step.series.workload + ', ' if workload is None else ''}{step.series.variant}: {since(step)}"
        for step in history.steps
        if workload in (None, step.series.workload)
    ]
    found += [
        told
        for group in groups(history)
        if workload in (None, group.workload)
        for told in _moved_together(history, group)
    ]
    if found:
        command, call = (
            f"labkit bench {history.stage} --against REVISION",
            f"lk.bench({history.stage!r}, against='REVISION')",
        )
        found.append(
            "Stored runs are other moments, so a step is a reason to look and not a regression: "
            f"{command if workload is None else call} measures old and new in one run."
        )
    if history.frame.empty and workload is None:
        found.append(
            f"no runs of {history.stage} on this machine in {history.folder} yet: "
            f"labkit bench {history.stage} makes one"
        )
    if history.elsewhere:
        found.append(
            f"not shown: {words.counted(history.elsewhere, 'run')} on another machine, or with other CPUs to use"
        )
    if history.passed_over:
        found.append(history.passed_over)
    return [words.one_line(text) for text in found]


def _moved_together(history: History, group: Group) -> list[str]:
    """Whether all variants of a group stepped at the same run in the same direction, as when what they are set against did."""
    variants = [series for series in group.series if series.variant != series.baseline]
    beside = f"baseline {variants[0].baseline}" if variants else ""
    found = []
    for figure, moving, suspect in (("ratio", variants, beside), ("limit_ratio", group.series, "limit")):
        steps = [step for step in history.steps if step.figure == figure and step.series in moving]
        ways = {(step.after.first, step.after.ratio > step.before.ratio) for step in steps}
        if 2 <= len(moving) <= len(steps) and len(ways) == 1:
            found.append(
                f"{group.workload}: all {len(moving)} variants moved the same way since run {steps[0].after.first}; "
                f"perhaps their {suspect} did"
            )
    return found


def since(step: Step) -> str:
    """``worth a look since run 20261120T101213-9f86d0 (2026-11-20 10:12): 12.1× → 10.3×``, and how many runs say so."""
    limit = " limit" * (step.figure == "limit_ratio")
    moved = f"{_level(step.before)} → {_level(step.after)}{limit}"
    runs = f"{words.counted(step.before.runs, 'run')} before, {step.after.runs} since"
    return f"worth a look since run {step.after.first} ({words.moment(step.after.started)}): {moved}; {runs}"


def known(value: Any) -> Any:
    """None for NaN, which a data frame puts in its place."""
    return None if isinstance(value, float) and math.isnan(value) else value


def known_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a history's frame with None where nothing is known."""
    return [{str(name): known(value) for name, value in row.items()} for row in frame.to_dict("records")]


def speedup(row: Mapping[str, Any]) -> str:
    """The speed-up in such a row, with its interval."""
    return words.times({"ratio": row["ratio"], "ratio_low": row["low"], "ratio_high": row["high"]})


def _terms(series: Series) -> str:
    threads = "unknown threads" if series.threads is None else words.counted(series.threads, "thread")
    return f"{f'baseline {series.baseline}' if series.baseline else 'unknown baseline'}, {threads}"


def _level(level: Plateau) -> str:
    low, high = known(level.low), known(level.high)
    if low is None or high is None:
        return words.factor(level.ratio)
    return words.times({"ratio": level.ratio, "ratio_low": low, "ratio_high": high})
