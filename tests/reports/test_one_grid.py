"""There is one sort of table, drawn by one renderer a format; what a renderer makes of a cell that is more than its text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import labkit
from labkit.reports import markdown, terminal
from labkit.reports.grid import Cell, Grid
from labkit.reports.html import table

HOME = Path(labkit.__file__).parent
RENDERERS = {HOME / "reports" / name for name in ("html.py", "markdown.py", "terminal.py")}
BY_HAND = re.compile(
    r"</?(?:table|caption|colgroup|thead|tbody|tfoot|tr|th|td)\b"
    r"|\brich\.table\b|\bfrom rich import\b.*\btable\b|\binsert(?:Row|Cell)\b|\.to_(?:html|markdown)\(|\btabulate\b"
    r"""|["']:?---:?["']"""
)
HOSTILE = "<b>'\" onclick=x"


def test_nothing_but_the_renderers_draws_a_table() -> None:
    sources = [path for kind in ("py", "j2", "html", "js") for path in HOME.rglob(f"*.{kind}")]
    assert set(sources) > RENDERERS
    drawn = {path for path in sources if BY_HAND.search(path.read_text(encoding="utf-8"))}
    assert sorted(drawn - RENDERERS) == []


@pytest.mark.parametrize("text", ["f'<td>{x}</td>'", "<table class='a'>", "from rich.table import Table", '"---:"'])
def test_a_table_drawn_by_hand_is_noticed(text: str) -> None:
    assert BY_HAND.search(text)


def test_a_cell_that_spans_leaves_out_the_empty_ones_in_html_and_keeps_them_in_text() -> None:
    grid = Grid(("a", "b", "c"), frozenset(), [[Cell("wide", span=2), Cell(""), Cell("last")]])
    assert re.findall(r"<td[^>]*>", table(grid, "lk"))[0] == "<td colspan='2'>"
    assert table(grid).count("<td") == 2
    assert markdown.table(grid).splitlines()[-1] == "| wide |  | last |"


def test_a_drawing_and_what_a_column_is_sorted_by_are_for_pages_with_a_style_sheet() -> None:
    grid = Grid(("a",), frozenset(), [[Cell("2×", key=2.0, drawn="<svg></svg>")]])
    assert "<td class='lk-drawn' data-key='2.0'><div><span>2×</span><svg></svg></div></td>" in table(grid, "lk")
    assert "svg" not in table(grid)
    assert "class" not in table(grid)


def test_whatever_a_cell_holds_stays_text() -> None:
    cell = Cell(HOSTILE, key=HOSTILE, tone=HOSTILE, hint=HOSTILE)
    for drawn in (
        table(Grid((cell,), frozenset(), [[cell]]), "lk", label=HOSTILE),
        table(Grid((cell,), frozenset(), [[cell]])),
    ):
        assert "<b>" not in drawn
        assert not re.search(r"'\s*onclick", re.sub(r"='[^']*'", "", drawn))


def test_a_name_may_break_at_its_words_and_a_figure_stays_with_its_unit() -> None:
    drawn = table(Grid(("a",), frozenset(), [[Cell("by_rows in 12.5 ms")]]), "lk")
    assert "by_<wbr>rows in <span class='lk-n'>12.5 ms</span>" in drawn


@pytest.mark.parametrize("width", [60, 80, 120])
def test_two_columns_of_source_share_the_width_of_a_terminal(width: int) -> None:
    grid = Grid(
        ("time", "A", "B"),
        frozenset({1, 2}),
        [[Cell("1 ms"), Cell("x" * 200), Cell("y" * 200)]],
        code=frozenset({1, 2}),
    )
    (line,) = terminal.plain(lambda out: terminal.draw(grid, out), width).splitlines()[1:]
    assert len(line) in (width - 1, width)
    assert line.count("x") == line.count("y")
