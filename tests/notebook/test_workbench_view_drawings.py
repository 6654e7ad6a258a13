"""What the dashboard draws: plain data in, HTML out; nothing from outside becomes markup."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

from labkit.core.agreement import Difference
from labkit.measure.pictured import Pictures
from labkit.measure.result import Status
from labkit.notebook.workbench import pieces
from labkit.notebook.workbench.compare_html import Axis, compare_html
from labkit.notebook.workbench.history_html import history_html
from labkit.notebook.workbench.pictures_html import difference_html, difference_overlay, sentence
from labkit.store.history import COLUMNS as HISTORY_COLUMNS
from labkit.store.history import History, worth_a_look
from labkit.store.run import COLUMNS

HOSTILE = "<script>alert(1)</script>' onerror='alert(2)\" x=\"</textarea><img src=x>"


class Parsed(HTMLParser):
    """The tags and attributes of a fragment; fails on tags that are closed in another order than they were opened."""

    EMPTY = ("img", "br", "col", "wbr")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.said = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data


def row(variant: str = "fast", **known: Any) -> dict[str, Any]:
    made: dict[str, Any] = dict.fromkeys(COLUMNS)
    return made | {"stage": "s", "workload": "w", "variant": variant, "kind": "numpy", "status": "measured"} | known


def timed(variant: str, ratio: float, low: float, high: float, verdict: str | None, **more: Any) -> dict[str, Any]:
    known = {"ratio": ratio, "ratio_low": low, "ratio_high": high, "verdict": verdict, "median_s": 0.04 / ratio}
    return row(variant, **known, first_call_s=0.05, peak_bytes=2**20, limit_ratio=3.0, **more)


BASELINE = timed("naive", 1.0, 1.0, 1.0, None)


def drawn_rows(html: str) -> list[list[str]]:
    """The text of each cell of each body row."""
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr.*?>(.*?)</tr>", body, re.DOTALL)
    return [[Parsed(cell).said for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", text, re.DOTALL)] for text in rows]


def test_the_fastest_comes_first_and_those_without_a_time_last() -> None:
    rows = [row("late"), BASELINE, timed("a", 2, 1.9, 2.1, "faster"), timed("b", 3, 2.9, 3.1, "faster")]
    assert [cells[0].split()[0] for cells in drawn_rows(compare_html(rows, "naive"))] == ["b", "a", "naive", "late"]


def test_a_row_says_every_figure_of_the_contract_in_the_words_of_the_report() -> None:
    (cells,) = drawn_rows(compare_html([timed("a", 2.04, 1.94, 2.14, "faster")], "naive"))
    assert cells == [
        "a",
        "numpy",
        "19.6 ms",
        "2.04× [1.94, 2.14]",
        "▲ faster",
        "3.0×",
        "50.0 ms",
        "1.0 MiB",
        "✓ agrees",
    ]


def test_what_worked_on_a_device_shows_both_its_times() -> None:
    (cells,) = drawn_rows(compare_html([timed("a", 2.0, 1.9, 2.1, "faster", device_s=0.001)], "naive"))
    assert cells[2] == "20.0 ms (1.00 ms on the device)"


def test_the_baseline_has_the_word_and_no_verdict() -> None:
    (cells,) = drawn_rows(compare_html([BASELINE], "naive"))
    assert "baseline" in cells
    assert "1" in cells


@pytest.mark.parametrize("verdict", ["faster", "slower", "same", "unresolved"])
def test_a_verdict_is_told_by_a_word_and_by_a_shape_of_its_own(verdict: str) -> None:
    marks = {}
    for each in ("faster", "slower", "same", "unresolved"):
        html = compare_html([timed("a", 2, 1.9, 2.1, each)], "naive")
        marks[each] = re.search(r"<path d='([^']*)'", html).group(1)  # type: ignore[union-attr]
        assert each in Parsed(html).said
    assert [each for each, mark in marks.items() if mark == marks[verdict]] == [verdict]


def test_a_variant_that_differs_gets_no_time_but_says_where() -> None:
    wrong = row(
        "wrong", status="differs", reason="output[0]: differs in 3 of 9 elements, first at (0, 1)", first_call_s=0.1
    )
    (cells,) = drawn_rows(compare_html([wrong], "naive"))
    assert cells[2] == "differs from the reference: output[0]: differs in 3 of 9 elements, first at (0, 1)"
    assert cells[-1] == "≠ differs"
    assert "svg" not in compare_html([wrong], "naive").partition("<tbody>")[2]


def test_while_it_runs_a_row_waits_to_be_checked_and_then_to_be_timed() -> None:
    rows = [row("checked", first_call_s=0.1, peak_bytes=1), row("next")]
    cells = drawn_rows(compare_html(rows, "naive", running=True))
    assert [(line[2], line[-1]) for line in cells] == [
        ("waits to be timed", "✓ agrees"),
        ("waits to be checked", "–"),
    ]


def test_figures_that_are_not_final_say_so() -> None:
    html = compare_html([timed("a", 2, 1.9, 2.1, None, provisional=True)], "naive", running=True)
    assert "so far" in Parsed(html).said


def test_bars_begin_at_one_and_end_at_the_ratio_on_one_axis() -> None:
    rows = [timed("a", 4, 3.5, 4.5, "faster"), timed("b", 0.5, 0.4, 0.6, "slower")]
    axis = Axis.of(rows)
    html = compare_html(rows, "naive")
    bars = re.findall(r"<rect x='([\d.]+)%' width='([\d.]+)%'", html)
    (a_left, a_width), (b_left, b_width) = [(float(x), float(width)) for x, width in bars]
    assert a_left == pytest.approx(axis.place(1), abs=0.01)
    assert a_left + a_width == pytest.approx(axis.place(4), abs=0.02)
    assert b_left == pytest.approx(axis.place(0.5), abs=0.01)
    assert b_left + b_width == pytest.approx(axis.place(1), abs=0.02)


@pytest.mark.parametrize("ratios", [[1.0], [0.99, 1.01], [0.2, 40], [1e-4, 1e5], [1.5], [3000]])
def test_an_axis_holds_one_and_all_ratios_with_few_round_marks(ratios: list[float]) -> None:
    axis = Axis.of([timed("a", ratio, ratio * 0.9, ratio * 1.1, None) for ratio in ratios])
    assert axis.low < min([1, *ratios]) <= max([1, *ratios]) < axis.high
    assert 1 <= len(axis.ticks) <= 4
    assert 1.0 in axis.ticks


def test_hostile_names_reasons_and_notes_stay_text() -> None:
    rows = [
        timed(HOSTILE, 2, 1.9, 2.1, HOSTILE),
        timed("u", 2, 1.9, 2.1, "unresolved", reason=HOSTILE),
        row(HOSTILE, kind=HOSTILE, engine=HOSTILE, status="differs", reason=HOSTILE),
        row("odd", status=HOSTILE),
    ]
    seen = Parsed(compare_html(rows, HOSTILE, notes=[HOSTILE]))
    harmless(seen)
    assert seen.said.count("<script>") >= 4


def harmless(seen: Parsed) -> None:
    assert not {"script", "iframe", "object", "embed", "form"} & set(seen.tags)
    assert not [name for name, _ in seen.attributes if name.startswith("on")]


def test_code_can_be_copied_and_is_only_text() -> None:
    seen = Parsed(pieces.code(f"lk.bench({HOSTILE!r})", HOSTILE))
    assert "script" not in seen.tags
    assert seen.tags.count("textarea") == 1
    assert [value for name, value in seen.attributes if name.startswith("on")] == [pieces.COPY]
    assert f"lk.bench({HOSTILE!r})" in seen.said


def test_a_picture_is_inside_the_page_and_says_what_it_shows() -> None:
    seen = Parsed(pieces.picture(np.zeros((2, 3, 3), np.uint8), HOSTILE))
    harmless(seen)
    held = dict(seen.attributes)
    assert held["alt"] == HOSTILE
    assert held["src"] is not None
    assert held["src"].startswith("data:image/png;base64,")


def history_row(run: str, variant: str, ratio: float, **more: Any) -> dict[str, Any]:
    about = {"run": run, "started": f"2026-01-{run[1:]:0>2}", "workload": "w", "variant": variant}
    terms = {"baseline": "naive", "threads": 2}
    figures = {"ratio": ratio, "low": ratio * 0.9, "high": ratio * 1.1, "limit_ratio": 2.0, "verdict": "faster"}
    return about | terms | figures | more


def history(*rows: dict[str, Any], **facts: Any) -> History:
    frame = pd.DataFrame(rows, columns=list(HISTORY_COLUMNS)).sort_values("started", ignore_index=True)
    known = {"elsewhere": 0, "passed_over": None} | facts
    return History("s", Path("results"), {}, frame, worth_a_look(frame), **known)


def test_history_has_a_row_a_variant_with_a_point_a_run_oldest_first() -> None:
    rows = [history_row("r2", "a", 3.0), history_row("r1", "a", 2.0), history_row("r2", "b", 9.0)]
    html = history_html(history(*rows), "w")
    lines = drawn_rows(html)
    assert [line[0] for line in lines] == ["b", "a"]
    assert lines[1][1] == "2"
    assert lines[1][2].startswith("3.00×")
    assert "speed-ups, oldest first: 2.00×, 3.00×" in html
    assert "worth a look" not in html


def test_history_passes_over_other_workloads() -> None:
    assert "No stored run" in history_html(history(history_row("r1", "a", 2.0, workload="other")), "w")


def test_another_baseline_or_number_of_threads_has_a_table_of_its_own() -> None:
    rows = [
        history_row("r1", "a", 9.0),
        history_row("r2", "a", 2.0, baseline="b"),
        history_row("r3", "a", 4.0, threads=1),
    ]
    seen = Parsed(history_html(history(*rows), "w"))
    assert seen.tags.count("table") == 3 + 1
    for terms in ("baseline b, 2 threads", "baseline naive, 1 thread", "baseline naive, 2 threads"):
        assert terms in seen.said


STEPPED = [history_row(f"r{run}", "a", 12.0 if run < 6 else 10.0) for run in range(1, 10)]


def test_a_step_is_marked_by_an_upright_line_and_both_levels_and_told_in_words() -> None:
    html = history_html(history(*STEPPED), "w")
    (at,) = re.findall(r"<line class='lk-step' x1='([\d.]+)%' x2='([\d.]+)%'", html)
    assert at == ("55.56", "55.56")  # between the fifth and the sixth of nine
    levels = re.findall(r"<line class='lk-level' x1='([\d.]+)%' x2='([\d.]+)%' y1='([\d.]+)' y2='([\d.]+)'", html)
    assert [level[:2] for level in levels] == [("0.00", "55.56"), ("55.56", "100.00")]
    assert all(level[2] == level[3] for level in levels)
    assert float(levels[0][2]) < float(levels[1][2])  # up is faster
    told = "worth a look since run r6 (2026-01-06): 12.0× [10.8, 13.2] → 10.0× [9.0, 11.0]; 5 runs before, 4 since"
    assert Parsed(html).said.count(told) == 2  # in the strip's title and below the table
    assert f"a: {told}" in Parsed(html).said


def test_a_step_on_another_workload_is_not_told() -> None:
    other = [row | {"workload": "other"} for row in STEPPED]
    assert "worth a look" not in history_html(history(history_row("r1", "a", 2.0), *other), "w")


def test_history_says_what_is_not_in_it() -> None:
    said = Parsed(history_html(history(elsewhere=2, passed_over="passed over a stored run"), "w")).said
    assert "not shown: 2 runs on another machine" in said
    assert "passed over a stored run" in said


def test_history_stays_text_whatever_it_holds() -> None:
    facts = {"verdict": HOSTILE, "baseline": HOSTILE, "started": HOSTILE, "run": HOSTILE}
    steps = [row | {"variant": HOSTILE, "baseline": HOSTILE, "run": f"{row['run']}{HOSTILE}"} for row in STEPPED]
    html = history_html(history(history_row("r1", HOSTILE, 2.0) | facts, *steps, passed_over=HOSTILE), "w")
    harmless(Parsed(html))
    assert "worth a look" in html


def pictures(**known: Any) -> Pictures:
    return Pictures("s", "w", HOSTILE, **({"status": Status.DIFFERS} | known))


def test_a_single_wrong_pixel_is_marked_and_the_rest_fades() -> None:
    difference = np.zeros((20, 30), np.uint8)
    difference[10, 15] = 1
    drawn = difference_overlay(np.full((20, 30, 3), 100, np.uint8), difference)
    reddish = drawn[:, :, 2].astype(int) - drawn[:, :, 0] > 40
    assert np.argwhere(reddish).min(0).tolist() == [9, 14]
    assert np.argwhere(reddish).max(0).tolist() == [11, 16]
    assert len(np.unique(drawn[~reddish], axis=0)) == 1


def test_what_the_stage_tolerates_is_only_hinted_at() -> None:
    difference = np.zeros((20, 30), np.uint8)
    difference[10, 15], difference[2, 2] = 10, 255
    strong, faint = (difference_overlay(None, difference, matters)[10, 15, 0] for matters in (True, False))
    assert 255 - int(strong) > 3 * (255 - int(faint)) > 0
    assert (difference_overlay(None, difference, False)[2, 2] == [0, 94, 213]).all()


def test_where_nothing_differs_nothing_is_marked() -> None:
    drawn = difference_overlay(None, np.zeros((4, 4), np.uint8))
    assert (drawn == 255).all()


def test_a_difference_is_shown_with_its_words_and_without_markup_from_outside() -> None:
    fault = Difference("[0]", HOSTILE, (1, 2), 3, 9, 4.0)
    seen = Parsed(difference_html(pictures(difference=np.eye(8, dtype=np.uint8), fault=fault)))
    harmless(seen)
    assert "first at (1, 2)" in seen.said
    assert seen.tags.count("img") == 1


def test_what_is_no_picture_is_told_in_words_alone() -> None:
    seen = Parsed(difference_html(pictures(reason="has 5 colours, not 6")))
    assert "img" not in seen.tags
    assert "has 5 colours" in seen.said


def test_within_the_tolerance_it_is_said_how_much_differs() -> None:
    found = pictures(status=Status.MEASURED, differing=12, elements=3000, largest=1.0)
    assert sentence(found) == (
        "agrees with the reference within the stage's tolerance: 12 of 3,000 elements differ, by up to 1"
    )


def test_png_keeps_every_pixel() -> None:
    image = np.random.default_rng(5).integers(0, 256, (7, 9, 3), np.uint8)
    held = cv2.imdecode(np.frombuffer(pieces.png(image), np.uint8), cv2.IMREAD_UNCHANGED)
    assert (held == image).all()
