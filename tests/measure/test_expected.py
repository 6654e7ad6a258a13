"""How long a run is going to take is told before it begins, and corrected by what its tables take."""

from __future__ import annotations

import io

import pytest

from labkit.measure.expected import Expected
from labkit.measure.result import Samples, Table
from labkit.reports import progress, words
from labkit.reports.progress import Progress


def test_a_run_of_more_arms_tables_and_seconds_is_told_to_take_longer() -> None:
    one = Expected([4], 1.0, 4.0, 0.0).total_s
    assert Expected([4, 4], 1.0, 4.0, 0.0).total_s == pytest.approx(2 * one)
    assert Expected([8], 1.0, 4.0, 0.0).total_s > one
    assert Expected([4], 1.0, 40.0, 0.0).total_s > one + 25
    assert Expected([4], 1.0, 4.0, 0.0, hosted=True).total_s > one
    assert Expected([4], 1.0, None, 0.0).total_s < one


def test_from_the_third_launch_on_a_table_takes_what_its_launches_take() -> None:
    run = Expected([4], 1.0, 4.0, 0.0)
    run.table_begins(10.0)
    run.launched(20.0, 11)
    run.launched(22.0, 11)
    before = run.total_s
    run.launched(26.0, 11)
    assert before == Expected([4], 1.0, 4.0, 0.0).total_s
    assert run.total_s == 16.0 + 8 * 3.0


def test_tables_to_come_take_longer_than_guessed_as_those_did_that_were() -> None:
    run = Expected([4, 4, 8], 1.0, None, 0.0)
    guess = run.total_s
    run.table_begins(0.0)
    run.table_ends(3 * Expected([4], 1.0, None, 0.0).total_s)
    assert run.total_s == pytest.approx(3 * guess)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> tuple[Progress, io.StringIO, list[float]]:
    """A progress on a log, what it wrote, and its clock."""
    clock, stream = [0.0], io.StringIO()
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    return Progress(stream), stream, clock


def test_it_is_the_first_line_and_a_new_one_only_where_it_was_far_off(
    told: tuple[Progress, io.StringIO, list[float]],
) -> None:
    listener, stream, clock = told
    expected = Expected([6, 6], 1.0, 4.0, 0.0)
    listener.begins([6, 6], expected)
    assert stream.getvalue() == f"about {words.about(expected.total_s)}: 2 tables × 6 arms, at most 25 launches each\n"
    table = Table("blur", "logo", "plain", [], Samples(()))
    for took in (expected.total_s / 2, 40 * expected.total_s):
        listener.table_begins("blur", "logo", 6)
        clock[0] += took
        listener.table_ends(table)
    lines = [line for line in stream.getvalue().splitlines() if line.startswith("about")]
    assert lines[1:] == [f"about {words.about(clock[0])} in all, as it looks now"]


def test_a_check_has_no_launches_and_tables_may_differ_in_size(told: tuple[Progress, io.StringIO, list[float]]) -> None:
    listener, stream, _ = told
    listener.begins([1, 6], Expected([1, 6], 1.0, None, 0.0))
    assert stream.getvalue().endswith(": 2 tables, 7 arms\n")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (7.4, "7 s"), (19.6, "20 s"), (47, "45 s"), (118, "120 s"), (121, "2 min"), (7300, "2 h")],
)
def test_what_is_told_beforehand_has_no_more_digits_than_are_known(seconds: float, text: str) -> None:
    assert words.about(seconds) == text
