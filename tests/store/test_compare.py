"""Two stored runs: ratios to the baseline are compared, seconds never, and doubts are named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labkit.measure.result import Row, Status
from labkit.reports.runs.forms import markdown
from labkit.store import Run, save
from labkit.store.compare import RunComparison, compare_runs

Make = Callable[..., Any]


@pytest.fixture
def stored(measurement_of: Make, tmp_path: Path) -> Callable[..., Run]:
    return lambda *rows, **facts: save(measurement_of(*rows, **facts), markdown, tmp_path)


@pytest.fixture
def compared(stored: Callable[..., Run], baseline: Row) -> Callable[[list[Row], list[Row]], RunComparison]:
    return lambda before, after: compare_runs(stored(baseline, *before), stored(baseline, *after))


@pytest.mark.parametrize(
    ("before", "after", "moved", "change"),
    [
        ((2.0, 0.01), (3.0, 0.01), "faster", 1.5),
        ((3.0, 0.01), (2.0, 0.01), "slower", 2 / 3),
        ((2.0, 0.10), (2.1, 0.10), "no", 1.05),
        ((2.0, 0.01), (2.0, 0.01), "no", 1.0),
    ],
)
def test_a_ratio_has_moved_when_the_intervals_are_apart(
    compared: Make, measured: Make, before: tuple[float, float], after: tuple[float, float], moved: str, change: float
) -> None:
    (found,) = compared([measured("fast", *before)], [measured("fast", *after)]).movements
    assert (found.arm, found.moved) == ("fast", moved)
    assert found.change == pytest.approx(change)


def test_a_ratio_without_an_interval_can_not_be_told(compared: Make, measured: Make) -> None:
    (found,) = compared([measured("fast", ratio_low=None)], [measured("fast")]).movements
    assert found.moved == "unknown"


def test_arms_of_one_run_alone_are_named(compared: Make, measured: Make) -> None:
    crashed = Row("blur", "logo", "b", "numpy", status=Status.CRASHED, reason="killed by SIGSEGV")
    found = compared([measured("a"), measured("b")], [crashed, measured("a", engine="threads")])
    assert {m.arm: m.moved for m in found.movements} == {
        "a": "only_before",
        "b": "lost",
        "a@threads": "only_after",
    }


def test_an_arm_that_fails_in_the_later_run_is_a_regression(compared: Make, measured: Make) -> None:
    crashed = Row("blur", "logo", "b", "numpy", status=Status.CRASHED, reason="killed by SIGSEGV")
    assert [m.arm for m in compared([measured("b")], [crashed]).regressions] == ["b"]


def test_only_slower_ones_are_regressions(compared: Make, measured: Make) -> None:
    found = compared([measured("a"), measured("b")], [measured("a", 1.0), measured("b", 3.0)])
    assert [m.arm for m in found.regressions] == ["a"]


def test_another_baseline_can_not_be_compared(stored: Callable[..., Run], measured: Make, baseline: Row) -> None:
    other = measured("other", 1.0, 0.0)
    found = compare_runs(stored(baseline, measured("fast")), stored(other, measured("fast", 9.0)))
    assert [(m.arm, m.moved, m.change) for m in found.movements] == [("fast", "unknown", None)]


def test_seconds_play_no_part(compared: Make, measured: Make) -> None:
    (found,) = compared([measured("fast", median_s=1.0)], [measured("fast", median_s=9.0)]).movements
    assert found.moved == "no"


@pytest.mark.parametrize(
    "fact", ["host", "cpu", "cpu_limit", "governor", "system", "python", "libraries", "commit", "dirty"]
)
def test_what_differs_between_the_machines_is_named(stored: Callable[..., Run], baseline: Row, fact: str) -> None:
    found = compare_runs(stored(baseline), stored(baseline, machine={fact: "another"}))
    assert found.doubts == [fact]
