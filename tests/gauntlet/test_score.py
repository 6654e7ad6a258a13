from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from tests.gauntlet.plan import Cell
from tests.gauntlet.promises import OPEN, promises
from tests.gauntlet.score import Share, by_interval, lines


def entry(
    rows: int, different: bool, ratio: float, low: float | None = None, high: float | None = None
) -> dict[str, Any]:
    cell = Cell("quiet", "chain", rows, 1, measure_s=2.0)
    return {
        "tool": "t",
        "cell": cell.key,
        "different": different,
        "ratio": ratio,
        "low": low,
        "high": high,
        "wall_s": 3.0,
    }


def test_wilsons_interval_is_that_of_the_tables() -> None:
    assert Share(0, 100).interval == pytest.approx((0.0, 0.03699), abs=1e-4)
    assert Share(5, 10).interval == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert Share(0, 0).interval == (0.0, 1.0)


def test_a_claim_about_identical_code_is_a_false_alarm_and_one_about_an_effect_is_power() -> None:
    (line,) = lines(
        [entry(500, True, 1.1), entry(500, False, 1.0), entry(510, True, 0.98)], {("chain", 510): 500 / 510}
    )
    assert (line.false_alarms.count, line.false_alarms.tries) == (1, 2)
    assert (line.power[510].count, line.power[510].tries) == (1, 1)


def test_a_difference_in_the_wrong_direction_is_not_seen() -> None:
    (line,) = lines([entry(510, True, 1.05)], {})
    assert line.power[510].count == 0


def test_coverage_counts_only_tries_with_an_interval() -> None:
    tries = [entry(500, False, 1.0, 0.9, 1.1), entry(500, False, 1.2, 1.1, 1.3), entry(500, False, 1.0)]
    (line,) = lines(tries, {})
    assert (line.coverage.count, line.coverage.tries) == (1, 2)


def test_the_error_is_the_median_distance_from_the_truth() -> None:
    (line,) = lines([entry(510, True, 0.97), entry(510, True, 0.98), entry(510, True, 0.5)], {("chain", 510): 0.98})
    assert line.error == pytest.approx(math.log(0.98 / 0.97))


def test_a_try_that_failed_is_counted_apart() -> None:
    failed = {"tool": "t", "cell": Cell("quiet", "chain", 500, 1, measure_s=2.0).key, "failed": "no", "wall_s": 1.0}
    (line,) = lines([failed, entry(500, False, 1.0)], {})
    assert (line.failed, line.false_alarms.tries) == (1, 1)


def test_the_interval_alone_claims_what_leaves_out_one() -> None:
    assert by_interval(entry(502, False, 0.996, 0.994, 0.998))["different"]
    assert not by_interval(entry(502, True, 0.996, 0.994, 1.002))["different"]
    assert not by_interval(entry(502, True, 0.996))["different"]


def test_half_a_percent_is_told_where_an_end_of_the_interval_is_nearer_than_that(tmp_path: Path) -> None:
    none = [burdened(500, low, high) for low, high in ((0.996, 1.004), (0.994, 1.004))]
    below = [burdened(502, 0.990, 1.0), burdened(505, 0.9, 1.1)]
    (told,) = (line for line in promises(tmp_path, none + below, {("chain", 502): 0.996}) if "0.5 %" in line.name)
    assert told.seen.startswith("4/6 ")  # of none 0.4, 0.4, 0.6, 0.4 %; of 0.4 % 0.6 and 0.4 %; 1 % does not count


def test_races_in_which_no_winner_was_named_prove_nothing(tmp_path: Path) -> None:
    (races,) = (line for line in promises(tmp_path, [], {}) if "winner" in line.name)
    assert (races.state, races.seen) == (OPEN, "–; named in 0")


def burdened(rows: int, low: float, high: float) -> dict[str, Any]:
    """A try beside two CPU burners."""
    return entry(rows, False, 1.0, low, high) | {"cell": Cell("2 CPU burners", "chain", rows, 1, measure_s=2.0).key}
