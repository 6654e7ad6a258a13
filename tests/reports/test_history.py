"""How a history is drawn in one line, worded, and shown in a notebook."""

import io
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from labkit.reports.history.shown import HistoryShown, Row, print_history, sparkline
from labkit.reports.history.words import groups, sentences, since
from labkit.store.history import COLUMNS, History, Plateau, Series, Step, worth_a_look

HOSTILE = "<script>alert(1)</script>[red]\n"
NAN = float("nan")


def line(*speedups: float, step: int | None = None) -> Row:
    return Row("fast", len(speedups), list(speedups), step, "", "")


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        (line(1.0, 2.0, 4.0), "▁▅█"),
        (line(4.0, 4.0, 1.0, step=2), "██│▁"),
        (line(2.0, 2.0), "▅▅"),
        (line(2.0, 2.02), "▄▅"),
        (line(2.0, NAN, 4.0), "▁·█"),
        (line(0.001, 1000.0), "▁█"),
        (line(NAN), "·"),
    ],
)
def test_a_sparkline_has_a_bar_a_run_on_a_logarithmic_scale(drawn: Row, expected: str) -> None:
    assert sparkline(drawn) == expected


def test_of_a_long_series_the_last_runs_are_drawn_and_a_step_before_them_is_not() -> None:
    assert sparkline(line(*[1.0] * 50, *[4.0] * 4, 1.0, 1.0, step=54), 6) == "███│▁▁"
    assert sparkline(line(*[1.0] * 50, *[4.0] * 4, step=50), 5) == "▅▅▅▅"


def plateau(value: float, runs: int, low: float = NAN, high: float = NAN) -> Plateau:
    return Plateau("r1", "r2", "2026-11-20T10:12:13+00:00", runs, value, low, high)


def test_a_step_is_worded_with_its_intervals_its_run_and_how_many_runs_say_so() -> None:
    series = Series("logo", "fast", "plain", 2)
    step = Step(series, "ratio", plateau(12.1, 9, 11.9, 12.3), plateau(10.3, 4, 10.1, 10.5))
    assert since(step) == (
        "worth a look since run r1 (2026-11-20 10:12): 12.10× [11.90, 12.30] → 10.30× [10.10, 10.50]; "
        "9 runs before, 4 since"
    )
    limit = Step(series, "limit_ratio", plateau(3.0, 3), plateau(4.0, 3))
    assert ": 3.00× → 4.00× limit; 3 runs before" in since(limit)


def history(workload: str = "logo", variant: str = "fast", **facts: str | None) -> History:
    ratios = [4.0] * 4 + [2.0] * 4
    rows = [
        (f"r{run}", f"2026-11-2{run}", workload, name, "plain", 2, r, r * 0.9, r * 1.1, NAN, None)
        for run, ratio in enumerate(ratios)
        for name, r in ((variant, ratio), ("steady", 3.0))
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    passed_over = facts.get("passed_over")
    return History("blur", Path("results"), {"host": "h"}, frame, worth_a_look(frame), 0, passed_over)


def test_where_all_variants_moved_at_once_the_baseline_is_suspected() -> None:
    one = history()
    both = one.frame.assign(ratio=[value * (0.5 if run >= 4 else 1.0) for run in range(8) for value in (4.0, 9.0)])
    moved = sentences(replace(one, frame=both, steps=worth_a_look(both)))
    assert "logo: all 2 variants moved the same way since run r4; perhaps their baseline plain did" in moved
    assert not any("perhaps their" in told for told in sentences(one))


def test_where_all_moved_at_once_against_the_limit_the_limit_is_suspected() -> None:
    one = history()
    both = one.frame.assign(
        limit_ratio=[value * (3.0 if run >= 4 else 1.0) for run in range(8) for value in (2.0, 5.0)]
    )
    moved = sentences(replace(one, frame=both, steps=worth_a_look(both)))
    assert "logo: all 2 variants moved the same way since run r4; perhaps their limit did" in moved


def test_the_fastest_of_the_last_runs_comes_first() -> None:
    stream = io.StringIO()
    print_history(history(), Console(file=stream, width=80, force_terminal=False))
    lines = stream.getvalue().splitlines()
    assert [one.split()[:3] for one in lines if "▁" in one or "▅" in one] == [
        ["steady", "8", "▅▅▅▅▅▅▅▅"],
        ["fast", "8", "████│▁▁▁▁"],
    ]
    assert max(len(one) for one in lines if "│" in one) <= 80


def test_terms_with_the_newest_run_come_first() -> None:
    before = history().frame
    later = before.assign(threads=1, run=before["run"] + "-1", started="2026-12-01")
    frame = pd.concat([before, later, later.assign(workload="big", started="2026-01-01")], ignore_index=True)
    found = [(group.workload, group.terms, len(group.runs)) for group in groups(replace(history(), frame=frame))]
    assert found == [
        ("big", "baseline plain, 1 thread", 8),
        ("logo", "baseline plain, 1 thread", 8),
        ("logo", "baseline plain, 2 threads", 8),
    ]


def test_a_notebook_shows_the_same_and_no_markup_from_outside() -> None:
    shown = HistoryShown(history(HOSTILE, HOSTILE, passed_over=HOSTILE))
    tags: list[str] = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(tag)

    Tags().feed(shown._repr_html_())
    assert set(tags) == {"h4", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"}
    assert "████│▁▁▁▁" in shown._repr_html_()
    assert "worth a look since run r4" in shown._repr_html_()
    assert "[red]" in repr(shown)


def test_steps_are_a_tidy_frame_too() -> None:
    shown = HistoryShown(history())
    (row,) = shown.worth_a_look.to_dict("records")
    assert (row["variant"], row["figure"], row["run"]) == ("fast", "ratio", "r4")
    assert (row["before_ratio"], row["after_ratio"], row["before_runs"], row["after_runs"]) == (
        pytest.approx(4.0),
        pytest.approx(2.0),
        4,
        4,
    )
    assert list(HistoryShown(History("b", Path(), {}, shown.frame[:0], [], 0, None)).worth_a_look.columns) == list(row)
