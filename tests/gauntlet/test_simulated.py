"""The quick form of the gauntlet: the schedule, the looks and the verdicts of a real run, on a machine without a clock."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from labkit.measure.result import Row, Table
from labkit.measure.statistics import Verdict, median_interval, sign_interval_rank
from tests.gauntlet.simulated import simulated_table

BASE_S = 1.4e-3
CLAIMS = (Verdict.FASTER, Verdict.SLOWER)


def pairs(effect: float, tries: int, first_seed: int, **more: float) -> list[Table]:
    print(f"seeds from {first_seed}")
    arms = {"base": BASE_S, "other": BASE_S * (1 + effect)}
    return [simulated_table(arms, budget_s=2.0, burners=2, seed=first_seed + number, **more) for number in range(tries)]


def others(tables: list[Table]) -> list[Row]:
    return [table.rows[1] for table in tables]


def test_identical_code_is_not_called_different_beside_burners() -> None:
    seen = Counter(row.verdict for row in others(pairs(0.0, 120, 1000)))
    assert seen[Verdict.FASTER] + seen[Verdict.SLOWER] <= 1, seen
    assert seen[Verdict.SAME] >= 100, seen


@pytest.mark.parametrize("effect", [0.004, 0.02, -1 / 3, -0.9])
def test_the_interval_holds_the_truth_in_most_tries(effect: float) -> None:
    rows = others(pairs(effect, 30, 2000))
    held = sum(row.ratio_low <= 1 / (1 + effect) <= row.ratio_high for row in rows)  # type: ignore[operator]
    assert held >= 25  # a right interval holds it in fewer than 25 of 30 once in 500 times, and the seeds are fixed


def test_two_per_cent_more_work_is_called_slower() -> None:
    seen = Counter(row.verdict for row in others(pairs(0.02, 30, 3000)))
    assert seen[Verdict.SLOWER] >= 27, seen


def test_placements_of_several_per_cent_are_not_taken_for_differences() -> None:
    rows = others(pairs(0.0, 40, 4000, placement=0.03))
    assert sum(row.verdict in CLAIMS for row in rows) <= 2
    assert sum(row.ratio_low <= 1 <= row.ratio_high for row in rows) >= 35  # type: ignore[operator]


def test_rounds_taken_for_launches_would_be_caught() -> None:
    """A seeded fault: an interval over all rounds, as if those of one launch were independent."""
    missed = 0
    for table in pairs(0.0, 12, 5000, placement=0.03):
        seconds = np.concatenate([table.samples.seconds(launch) for launch in table.samples.launches])
        values = np.log(seconds[:, 0] / seconds[:, 1])
        interval = median_interval(values, sign_interval_rank(values.size, 0.05))
        missed += not interval.low <= 0 <= interval.high
    assert missed >= 5


def test_of_eight_identical_variants_none_is_called_different_nor_named_the_best() -> None:
    arms = {"base": BASE_S} | {f"twin {number}": BASE_S for number in range(8)}
    tables = [simulated_table(arms, budget_s=9.0, burners=2, seed=6000 + number) for number in range(12)]
    assert not [row.arm for table in tables for row in table.rows[1:] if row.verdict in CLAIMS]
    assert not [table.best for table in tables if table.best is not None and table.best.decided]
