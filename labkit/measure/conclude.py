"""From a table's raw samples to what its rows say: ratios paired in the round, intervals across launches, verdicts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from labkit.measure.limit import LIMIT
from labkit.measure.result import Row, Status, Table
from labkit.measure.statistics import (
    Interval,
    Reason,
    Verdict,
    best_of,
    compare_family,
    launch_median,
    median_interval,
    sign_interval_rank,
    undisturbed,
)

ALPHA = 0.05  # of a provisional interval's whole family, and of the interval of a ratio to the limit


def conclude(table: Table, sound: Sequence[str], *, stopped: bool = False) -> bool:
    """Write the ratios, intervals and verdicts of the last look into a table's rows; True when nothing is left to decide.

    ``sound`` names the arms that passed the gate and did not fail since; a table without launches is left as it is.
    """
    if table.baseline not in sound:
        no_baseline(table, sound)
    if not table.samples.launches:
        return False
    rows = {row.arm: row for row in table.rows}
    timed, between = _times(table, sound)
    rivals = [arm for arm in timed if arm != table.baseline]
    if table.baseline not in timed:
        return False
    look = table.facts.get("look")
    values = {arm: between(table.baseline, arm) for arm in rivals}
    comparisons = compare_family(values, table.looks, look, family=table.facts["family"], stopped=stopped)
    base = rows[table.baseline]
    base.ratio = base.ratio_low = base.ratio_high = 1.0
    for arm, comparison in comparisons.items():
        row = rows[arm]
        _tell(row, comparison.interval)
        row.verdict = comparison.verdict
        row.reason = None if comparison.reason is Reason.NONE else str(comparison.reason)
    if len(timed) > 1:
        table.best = best_of(timed, between, table.looks, look, stopped=stopped)
    resolved = all(comparison.verdict is not Verdict.UNRESOLVED for comparison in comparisons.values())
    return resolved and (table.best is None or table.best.decided)


def provisional(table: Table) -> list[Row]:
    """What the launches so far come to, in rows of their own; the table is left as it is.

    A ratio has the interval that it would have were these launches all (None while they are too few for the family), and
    no verdict: those belong to the looks that were planned, not to whoever watches meanwhile.
    """
    rows = [_without_verdict(row) for row in table.rows]
    sound = [row.arm for row in rows if row.status is Status.MEASURED]
    timed, between = _times(replace(table, rows=rows), sound) if table.samples.launches else ([], None)
    if between is None or table.baseline not in timed:
        return rows
    for row in rows:
        if row.arm == table.baseline:
            row.ratio = row.ratio_low = row.ratio_high = 1.0
        elif row.arm in timed:
            values = between(table.baseline, row.arm)
            values = values[~np.isnan(values)]
            _tell(row, median_interval(values, sign_interval_rank(values.size, ALPHA / table.facts["family"])))
    return rows


def _without_verdict(row: Row) -> Row:
    """A copy, of what a look has said nothing but the figures."""
    return replace(row, verdict=None, reason=None) if row.status is Status.MEASURED else replace(row)


def _times(table: Table, sound: Sequence[str]) -> tuple[list[str], Callable[[str, str], np.ndarray]]:
    """Write the times into the rows of arms that have some; gives these arms, and what compares two of them.

    That is, per launch, the median over its rounds of log(t_slow / t_fast); of two arms that each run in the calling
    thread alone, over the rounds in which the scheduler put neither aside. (Threads and processes of an arm's own may put
    each other aside: that is its cost.)
    """
    seconds = [table.samples.seconds(launch) for launch in table.samples.launches]
    put_aside = [table.samples.put_aside(launch) for launch in table.samples.launches]
    column = {arm: number for number, arm in enumerate(table.samples.arms)}
    alone = {row.arm for row in table.rows if row.threads == 1 and row.engine is None}

    def between(slow: str, fast: str) -> np.ndarray:
        pair = [column[slow], column[fast]]
        ratios = [np.log(s[:, pair[0]] / s[:, pair[1]]) for s in seconds]
        if {slow, fast} <= alone:
            ratios = [undisturbed(r, aside[:, pair].any(axis=1)) for r, aside in zip(ratios, put_aside, strict=True)]
        return np.array([launch_median(each) for each in ratios])

    timed = [arm for arm in sound if arm in column and not math.isnan(_typical(seconds, column[arm]))]
    rows = {row.arm: row for row in table.rows}
    for arm in timed:
        row = rows[arm]
        row.median_s = _typical(seconds, column[arm])
        row.device_s = _device_seconds(table, arm)
        if table.facts["items"]:
            row.items_per_s = table.facts["items"] / row.median_s
        if not math.isnan(_typical(seconds, column[LIMIT])):
            _tell_limit(row, between(arm, LIMIT))
    return timed, between


def _tell(row: Row, interval: Interval) -> None:
    row.ratio = interval.ratio
    row.ratio_low = interval.ratio_low if math.isfinite(interval.low) else None
    row.ratio_high = interval.ratio_high if math.isfinite(interval.high) else None


def _tell_limit(row: Row, logs: np.ndarray) -> None:
    """How many times as long as the limit it takes, with an interval of its own: no verdict rests on that."""
    logs = logs[~np.isnan(logs)]
    interval = median_interval(logs, sign_interval_rank(logs.size, ALPHA))
    row.limit_ratio = interval.ratio
    row.limit_low = interval.ratio_low if math.isfinite(interval.low) else None
    row.limit_high = interval.ratio_high if math.isfinite(interval.high) else None


def tell_what_cannot_be(table: Table) -> None:
    """Note on the rows of a finished table what lies below the limit with its whole interval."""
    for row in table.rows:
        if row.limit_high is not None and row.limit_high < 1:
            row.tell("below the limit with its whole interval: a wrong limit or a wrong variant")


def no_baseline(table: Table, arms: Sequence[str]) -> None:
    """Without a time of the baseline there is nothing to be faster than."""
    for row in table.rows:
        if row.arm in arms:
            row.verdict, row.reason = Verdict.UNRESOLVED, f"the baseline {table.baseline} has no time"


def _typical(seconds: list[np.ndarray], column: int) -> float:
    """The median over launches of the launch's median seconds; NaN for an arm that was never timed."""
    medians = [np.nanmedian(s[:, column]) for s in seconds if not np.isnan(s[:, column]).all()]
    return float(np.median(medians)) if medians else math.nan


def _device_seconds(table: Table, arm: str) -> float | None:
    """The median of what the arm says of its device's own time, without transfers; None for an arm that says nothing."""
    device = []
    for launch in table.samples.launches:
        if arm in launch["arms"]:
            columns = launch["samples"]
            device.append(columns["device_seconds"][columns["arm"] == launch["arms"].index(arm)])
    known = np.concatenate(device) if device else np.array([])
    known = known[~np.isnan(known)]
    return float(np.median(known)) if known.size else None
