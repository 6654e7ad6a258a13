"""Wording: the digits shown are digits known, and every outcome has a word."""

from collections.abc import Callable
from typing import Any

import pytest

from labkit.measure.result import Status
from labkit.measure.statistics import Reason, Verdict
from labkit.reports import words


@pytest.mark.parametrize(
    ("ratio", "low", "high", "shown"),
    [
        (25.3211, 24.8764, 25.7811, "25.32× [24.88, 25.78]"),
        (25.3211, 20.1, 31.9, "25× [20, 32]"),
        (1.01234, 1.01001, 1.01455, "1.0123× [1.0100, 1.0146]"),
        (2.0, 1.9999999, 2.0000001, "2.0000× [2.0000, 2.0000]"),
        (412.3, 250.0, 900.0, "412× [250, 900]"),
        (0.05, 0.04, 0.07, "0.050× [0.040, 0.070]"),
        (2.345, None, 3.0, "2.3×"),
        (2.345, 1.0, None, "2.3×"),
        (None, None, None, "–"),
        (1.0, 1.0, 1.0, "1"),
    ],
)
def test_a_speed_up_has_the_digits_its_interval_lets_be_known(
    ratio: float | None, low: float | None, high: float | None, shown: str
) -> None:
    assert words.times({"ratio": ratio, "ratio_low": low, "ratio_high": high}) == shown


@pytest.mark.parametrize(
    ("word", "value", "shown"),
    [
        (words.duration, None, "–"),
        (words.duration, 83.4449, "83.4 s"),
        (words.duration, 0.0040012, "4.00 ms"),
        (words.duration, 0.009996, "10.0 ms"),
        (words.duration, 58.3e-6, "58.3 µs"),
        (words.duration, 1.234e-7, "123 ns"),
        (words.duration, 0.0, "0 ns"),
        (words.size, None, "–"),
        (words.size, 0, "0 B"),
        (words.size, 1023, "1023 B"),
        (words.size, 5 * 2**20, "5.0 MiB"),
        (words.size, 139 * 2**30, "139 GiB"),
        (words.share, None, "–"),
        (words.share, 3.04, "3.0×"),
        (words.share, 123.4, "123×"),
        (words.percent, 1.05, "+5.0 %"),
        (words.percent, 0.5, "-50.0 %"),
    ],
)
def test_a_figure_is_worded(word: Callable[[Any], str], value: float | None, shown: str) -> None:
    assert word(value) == shown


@pytest.mark.parametrize("status", Status)
def test_every_status_has_a_word(status: Status) -> None:
    assert words.STATUSES[status]


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_a_mark(verdict: Verdict) -> None:
    assert words.VERDICT_MARKS[verdict].endswith(verdict)


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.NONE])
def test_every_reason_of_the_statistics_is_a_sentence_part(reason: Reason) -> None:
    assert " " in words.reason({"reason": str(reason)})


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        (None, ""),
        ("raised KeyError: 'a'", "raised KeyError: 'a'"),
        ("two\n  lines\tand more", "two lines and more"),
        ("\x1b[31mred\x1b[0m\x07", "[31mred[0m"),
    ],
)
def test_a_reason_is_one_line_of_printable_text(reason: str | None, shown: str) -> None:
    assert words.reason({"reason": reason}) == shown


BEST = {"best": "native", "runner_up": "numba", "ratio": 1.52, "ratio_low": 1.48, "ratio_high": 1.57}


@pytest.mark.parametrize(
    ("best", "shown"),
    [
        (None, ""),
        (
            BEST | {"decided": True, "reason": "none"},
            "best: native, 1.520× [1.480, 1.570] as fast as the runner-up numba",
        ),
        (
            BEST | {"decided": False, "reason": "spans_gate"},
            "best not decided: native leads numba by 1.520× [1.480, 1.570]; the interval crosses the ±1 % gate: "
            "a larger budget narrows it",
        ),
        (BEST | {"decided": False, "reason": "none"}, "best not decided: native leads numba by 1.520× [1.480, 1.570]"),
    ],
)
def test_the_best_is_named_against_the_runner_up(best: dict[str, Any] | None, shown: str) -> None:
    assert words.best({"best": best}) == shown


FACTS = {
    "cpu": "X",
    "cores": 8,
    "cpu_limit": 2,
    "memory_bytes": 2**33,
    "system": "Linux 6",
    "python": "3.12.1",
    "commit": "0123456789abcdef",
    "dirty": True,
}


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({}, "X, 2 of 8 CPUs, 8.0 GiB, Linux 6, Python 3.12.1, commit 0123456789 (changed since)"),
        ({"cpu_limit": 8, "dirty": False}, "X, 8 CPUs, 8.0 GiB, Linux 6, Python 3.12.1, commit 0123456789"),
        ({"commit": None, "dirty": None}, "X, 2 of 8 CPUs, 8.0 GiB, Linux 6, Python 3.12.1"),
    ],
)
def test_the_machine_is_one_line(facts: dict[str, Any], shown: str) -> None:
    assert words.machine(FACTS | facts) == shown
