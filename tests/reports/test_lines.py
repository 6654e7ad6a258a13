"""Line profiles as text and HTML: everything is told, and nothing in a source or name is taken for markup."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from labkit.profiling.diff import diff_profiles
from labkit.profiling.profile import HOWS, Function, Line, Profile
from labkit.reports.lines.grids import BLOCK_HEADINGS, cautions, headline
from labkit.reports.lines.html import diff_html, profile_html
from labkit.reports.lines.text import diff_text, profile_text

HOSTILE = "<script>alert('x')</script>&[bold]]\\[/red]\""
TAGS = {
    "details",
    "summary",
    "h4",
    "ul",
    "li",
    "p",
    "b",
    "small",
    "table",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "th",
    "td",
}


def made(text: str = "total = 0", block: str | None = None, how: str = "lines", **facts: object) -> Profile:
    lines = (
        Line(3, f"def total():  # {text}", None, 0, 0, 0),
        Line(4, f"    {text}", block, 1200, 3_000_000, 1_000_000),
        Line(5, "    return total", block, 2, 1_000, 1_000),
    )
    functions = (Function(f"total {text}", f"folder/{text}.py", 3, lines),)
    about = {"stage": "blur", "workload": "logo", "variant": "mine", "kind": "numpy", "notes": (), "facts": {}}
    return Profile(**about | facts, how=how, functions=functions, plain_ns=(10, 20), recorded_ns=(30, 30))  # type: ignore[arg-type]


class Tags(HTMLParser):
    """All tags and attributes of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_headline_names_stage_variant_workload_time_and_calls() -> None:
    assert headline(made()) == "blur/mine on logo: 501 µs a call, over 2 calls"


@pytest.mark.parametrize("how", HOWS)
def test_how_it_was_taken_and_its_inflation_are_always_told(how: str) -> None:
    profile = made(how=how, notes=("one more thing",))
    told = cautions(profile)
    assert told[:2] == [HOWS[how], "inflation 2.00× (recorded / plain calls of the same run)"]
    assert "one more thing" in told
    for text in (profile_text(profile), Tags(profile_html(profile)).text):
        assert all(caution in text for caution in told)


def test_a_line_has_hits_time_own_time_time_a_hit_and_share() -> None:
    text = profile_text(made())
    assert text.splitlines()[6].split() == ["line", "hits", "time", "own", "per", "hit", "share", "source"]
    assert re.search(r"4 +1,200 +3\.00 ms +1\.00 ms +2\.50 µs +299\.7 % +total = 0", text)
    assert re.search(r"3 +def total\(\)", text)


@pytest.mark.parametrize("draw", [profile_text, profile_html])
def test_a_function_is_told_with_its_place(draw: object) -> None:
    assert "folder/total = 0.py:3" in draw(made())  # type: ignore[operator]


def test_markup_in_names_and_sources_is_text_in_html() -> None:
    hostile, diff = made(HOSTILE, HOSTILE), diff_profiles(made(HOSTILE, HOSTILE), made(f"other {HOSTILE}"))
    for page in (profile_html(hostile), diff_html(diff)):
        found = Tags(page)
        assert set(found.tags) <= TAGS
        assert found.attributes <= {"style", "class", "scope", "open"}
        assert HOSTILE in found.text


def test_markup_in_names_and_sources_is_text_in_the_terminal() -> None:
    hostile = made(HOSTILE, HOSTILE)
    assert profile_text(hostile).count(HOSTILE) == 4
    assert diff_text(diff_profiles(hostile, made("x()"))).count(HOSTILE) >= 3


def test_html_shows_heat_where_the_time_went_and_needs_no_script() -> None:
    page = profile_html(made())
    hot, cold = (next(row for row in page.split("<tr>") if text in row) for text in (">    total = 0<", "return total"))
    assert "rgba(" in hot
    assert "rgba(" not in cold
    assert not re.search(r"<script|<link|https?:", page)


def test_only_helpers_that_hardly_count_are_folded() -> None:
    profile = made()
    big, cheap = (Line(9, "x()", None, 1, ns, ns) for ns in (10**9, 1))
    functions = (
        Function("mine", "a.py", 1, (cheap,)),
        Function("dear", "a.py", 1, (big,)),
        Function("small", "a.py", 1, (cheap,)),
    )
    page = profile_html(replace(profile, functions=functions))
    assert re.findall(r"<details( open)?[^>]*><summary><b>(\w+)", page) == [
        (" open", "mine"),
        (" open", "dear"),
        ("", "small"),
    ]


def test_a_diff_has_its_headings_rows_and_totals() -> None:
    diff = diff_profiles(made(block="count"), made(block="count"))
    for text in (diff_text(diff), Tags(diff_html(diff)).text):
        assert all(heading in text for heading in BLOCK_HEADINGS)
        assert "same mark" in text
        assert "all lines" in text
        assert text.count("inflation 2.00×") == 2
    row = next(line for line in diff_text(diff).splitlines() if line.startswith("count "))
    assert row.split() == ["count", "501", "µs", "100.0", "%", "501", "µs", "100.0", "%", "0", "+0.0", "same", "mark"]


def test_a_diff_says_what_matches_nothing() -> None:
    diff = diff_profiles(made("x()", "count"), made("y()", "panel"))
    for text in (diff_text(diff), Tags(diff_html(diff)).text):
        assert "nothing in B matches" in text
        assert "nothing in A matches" in text


def test_no_control_character_of_a_source_reaches_the_terminal() -> None:
    assert "\x1b" not in profile_text(made("x = '\x1b[31m'"))
