"""The report as Markdown: it fits into a comment on a pull request, and what came from outside is no markup there."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from labkit.measure.result import Row, Status
from labkit.reports.document.facts import printable
from labkit.reports.document.markdown import MOST, code, escaped, fenced, fitted
from labkit.store import Run
from tests.reports.documents import HOSTILE, TURNED, Seen, hostile_rows, report_of, stored

Make = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("own_registry")
RENDERER = MarkdownIt("commonmark", {"html": True}).enable("table")
ALLOWED = {
    *("h2", "h3", "p", "ul", "li", "code", "pre", "strong", "em", "details", "summary"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}


def rendered(text: str) -> Seen:
    """As GitHub renders it, but for its own additions."""
    return Seen(RENDERER.render(text))


@pytest.fixture
def run(tmp_path: Path, measurement_of: Make, measured: Make, baseline: Row) -> Run:
    broken = Row("blur", "logo", "broken", "numpy", status=Status.CRASHED, reason="killed by SIGSEGV")
    return stored(measurement_of(baseline, measured("fast", 12.5, kind="native"), broken), tmp_path)


def test_it_tells_the_decision_the_tables_the_failures_and_the_commands(run: Run) -> None:
    seen = rendered(report_of(run).markdown())
    for told in (
        "Use fast: 12.50× [12.38, 12.63] as fast as plain (10.0 ms → 0.800 ms).",
        "Needs a C/C++ compiler at install; set-up",
        *("Table: blur on logo", "killed by SIGSEGV", "labkit bench blur --workloads logo", "A Processor"),
    ):
        assert told in seen.text
    assert seen.count("table") == 4


def test_hostile_names_are_no_markup_link_or_mention(tmp_path: Path, measurement_of: Make, measured: Make) -> None:
    run = stored(measurement_of(*hostile_rows(measured), machine={"cpu": HOSTILE + TURNED}), tmp_path)
    text = report_of(run).markdown()
    seen = rendered(text)
    assert {tag for tag, _ in seen.elements} <= ALLOWED
    assert all(set(attrs) <= {"style", "class"} for _, attrs in seen.elements)
    assert printable(HOSTILE + TURNED) in seen.text
    outside_of_code = re.sub(r"<(code)[^>]*>.*?</\1>", "", RENDERER.render(text), flags=re.DOTALL)
    for harm in ("@everyone", "https://", "javascript:", "#1 ", "로고"):
        assert harm not in outside_of_code


def test_a_hostile_name_ends_no_cell(tmp_path: Path, measurement_of: Make, measured: Make) -> None:
    text = report_of(stored(measurement_of(*hostile_rows(measured)), tmp_path)).markdown()
    table = text[text.index("\n| variant") + 1 :].partition("\n\n")[0].splitlines()
    bare = [re.sub(r"\\\|", "", line) for line in table]
    assert {line.count("|") for line in bare} == {11}


@pytest.mark.parametrize("text", ["a`b", "``", "`a", "a\\", "|", " ", "", "```\nx", "a``b`", "\\|", "x" * 99])
def test_a_code_span_holds_any_text(text: str) -> None:
    seen = rendered(f"{code(text)} end")
    wanted = printable(text) or "–"
    assert " ".join(seen.text.split()) == f"{wanted} end"
    assert seen.count("code") == (1 if printable(text) else 0)


@pytest.mark.parametrize("text", [HOSTILE, "```\n</details>", "a\n~~~\nb"])
def test_a_block_of_code_ends_where_it_should(text: str) -> None:
    seen = rendered(f"{fenced(text)}\nend\n")
    assert [tag for tag, _ in seen.elements] == ["pre", "code", "p"]
    assert seen.text == f"{text}\n\nend\n"


def test_a_name_in_a_tag_is_text() -> None:
    seen = rendered(f"<details><summary>{escaped(HOSTILE)}</summary>\n\nbody\n</details>\n")
    assert [tag for tag, _ in seen.elements] == ["details", "summary", "code", "p"]
    assert HOSTILE in seen.text


def test_what_does_not_fit_into_a_comment_is_left_out_and_named(
    tmp_path: Path, measurement_of: Make, measured: Make, baseline: Row
) -> None:
    many = [measured(f"variant_{number:03}_{'x' * 40}", 2.0) for number in range(300)]
    text = report_of(stored(measurement_of(baseline, *many), tmp_path)).markdown()
    assert len(text) < MOST
    assert text.index("Use `") < text.index("Left out for want of room: the tables of `blur`.")


def test_parts_are_taken_in_their_order_as_long_as_there_is_room() -> None:
    text = fitted([("one", "1" * 100), ("two", "2" * MOST), ("three", "3" * 100)])
    assert text.startswith("1" * 100 + "3" * 100 + "\n*Left out for want of room: two.")


def test_a_report_shows_itself_as_markdown_in_a_console(run: Run) -> None:
    made = report_of(run)
    assert repr(made) == made.markdown()
