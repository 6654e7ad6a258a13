"""Grids as HTML, in which all text is escaped: for notebooks without script or style sheet, legible in light and dark themes,
and for pages with a style sheet of ours."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from labkit.reports import words
from labkit.reports.grid import Cell, Grid
from labkit.reports.svg_text import save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLORS = {"faster": "#1a7f37", "slower": "#cf222e", "same": "#0969da", "unresolved": "#9a6700"}
COLORS |= {"ok": "#1a7f37", "note": "#0969da", "warning": "#9a6700"}  # the doctor's
COLORS |= {"agrees": "#1a7f37", "failed": "#cf222e", "unavailable": "#9a6700"}  # of the agreement gate
STYLES = {tone: f";color:{color};font-weight:600" for tone, color in COLORS.items()} | {
    "total": ";font-weight:600",
    "idle": ";opacity:0.6",
    "unmatched": ";font-style:italic",
}
CODE = "font-family:monospace;white-space:pre;text-align:left"
BESIDE = f"{CODE};white-space:pre-wrap;overflow-wrap:anywhere;vertical-align:top;width:50%"  # two must fit a page
HEAT = "230,97,1"  # orange, seen by all; its strength is the heat
BEST = "background:rgba(0,158,115,0.12)"  # of a row
FIGURE = re.compile(r"(\[[-+\d., ]+\]|[-−+]?[\d.,]+ (?:[mµn]?s|[KMGT]?i?B|%)(?!\w))")


def whole(grid: Grid) -> str:
    """A grid with its title above and its notes below."""
    return f"<h4>{escape(grid.title)}</h4>{table(grid)}{notes(grid.notes)}"


def table(grid: Grid, classes: str | None = None, *, label: str | None = None, head: bool = False) -> str:
    """A grid without its title and notes, its look in the elements themselves; nothing for one without rows.

    With ``classes`` it is for a page that has a style sheet of ours: what a cell is and means are classes (``lk-left``,
    ``lk-drawn``, ``lk-`` and its tone), its key and its drawing are there, figures stay with their units, and names may
    break at their words. With ``head`` the first cell of a row is its heading.
    """
    if not grid.rows:
        return ""
    styled = classes is None

    def line(cells: Sequence[Cell], scope: str | None = None, first: str | None = None) -> str:
        made, end = "", 0
        for number, cell in enumerate(cells):
            if number < end:
                continue  # the one before spans it
            end = number + cell.span
            kind = scope if number else first
            about = {"scope": kind, "colspan": cell.span if cell.span > 1 else None, "title": cell.hint or None}
            look = _styled(grid, number, cell) if styled else _classed(grid, number, cell)
            made += _element("th" if kind else "td", escape(cell.text) if styled else _drawn(cell), about | look)
        return made

    top = f"<thead><tr>{line(grid.heads, 'col', 'col')}</tr></thead>" if any(grid.headings) else ""
    body = ""
    for cells in grid.rows:
        tone = cells[0].tone
        look = {"style": BEST if tone == "best" else None} if styled else {"class": f"lk-{tone}" if tone else None}
        body += _element("tr", line(cells, first="row" if head else None), look)
    return _element("table", f"{top}<tbody>{body}</tbody>", {"class": classes, "aria-label": label})


def _element(tag: str, content: str, attributes: Mapping[str, Any]) -> str:
    """An element with those of its attributes that have a value."""
    told = (f" {name}='{escape(str(value))}'" for name, value in attributes.items() if value is not None)
    return f"<{tag}{''.join(told)}>{content}</{tag}>"


def _styled(grid: Grid, number: int, cell: Cell) -> dict[str, Any]:
    """How a cell looks by itself: its ground is the stronger the greater its share of the whole, and none below a hundredth."""
    if number in grid.code:
        look = CODE if len(grid.code) == 1 else BESIDE
    else:
        side, wrap = "left" if number in grid.left else "right", "" if number in grid.prose else ";white-space:nowrap"
        look = f"text-align:{side};vertical-align:top{wrap}"
    heat = f";background:rgba({HEAT},{min(0.65, 0.1 + 0.6 * cell.heat):.2f})" if cell.heat >= 0.01 else ""
    return {"style": f"{look}{STYLES.get(cell.tone, '')}{heat}"}


def _classed(grid: Grid, number: int, cell: Cell) -> dict[str, Any]:
    """What a cell is, for a style sheet to draw."""
    names = ("left" if number in grid.left else "", "drawn" if cell.drawn else "", cell.tone)
    return {"class": " ".join(f"lk-{name}" for name in names if name) or None, "data-key": cell.key}


def _drawn(cell: Cell) -> str:
    """The text, in which no figure is parted from its unit and no interval broken, and the drawing beside it."""
    text = "".join(
        f"<span class='lk-n'>{escape(piece)}</span>" if number % 2 else escape(piece).replace("_", "_<wbr>")
        for number, piece in enumerate(FIGURE.split(cell.text))
    )
    return f"<div>{f'<span>{text}</span>' if text else ''}{cell.drawn}</div>" if cell.drawn else text


def notes(texts: Sequence[str]) -> str:
    """Sentences as a list; nothing for none."""
    return f"<ul class='lk-notes'>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>" if texts else ""


def image(content: bytes, kind: str, what: str, look: str) -> str:
    """An ``img`` that holds what it shows, of ``image/`` and its ``kind``; ``what`` is said to those who can't see it."""
    data = base64.b64encode(content).decode("ascii")
    return f"<img {look} alt='{escape(what)}' src='data:image/{kind};base64,{data}'>"


def drawing(figure: Figure, what: str, look: str) -> str:
    """A figure as an ``img`` with an SVG inside: on a page of several its ids clash with nobody's."""
    stream = io.BytesIO()
    save(figure, stream, metadata={"Date": None})
    return image(stream.getvalue(), "svg+xml", what, look)


def origin(document: Mapping[str, Any], where: str | None = None) -> str:
    """Whether a run or a sweep was stopped, its machine, and where it is stored."""
    stopped = f"<p>{words.STOPPED}</p>" if document["stopped"] else ""
    kept = f"; stored in {escape(where)}" if where else ""
    return f"{stopped}<p><small>on {escape(words.machine(document['machine']))}{kept}</small></p>"


def page(title: str, body: str) -> str:
    """A whole HTML file around a fragment: nothing is loaded from anywhere, and it follows the reader's theme."""
    style = (
        ":root{color-scheme:light dark}body{font:14px system-ui,sans-serif;margin:2em auto;max-width:1400px;padding:0 1em}"
        "table{border-collapse:collapse}td,th{padding:1px 8px}"
    )
    head = f"<meta charset='utf-8'><title>{escape(title)}</title><style>{style}</style>"
    return f"<!doctype html><html lang='en'><head>{head}</head><body>{body}</body></html>\n"
