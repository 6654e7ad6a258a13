"""Grids as static HTML for notebooks: no script, no style sheet, legible in light and dark themes; all text is escaped."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from labkit.reports import words
from labkit.reports.grid import Grid

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
HEAT = "230,97,1"  # orange, seen by all; its strength is the heat
BEST = " style='background:rgba(0,158,115,0.12)'"  # of a row


def whole(grid: Grid) -> str:
    """A grid with its title above and its notes below."""
    return f"<h4>{escape(grid.title)}</h4>{table(grid)}{notes(grid.notes)}"


def table(grid: Grid) -> str:
    """A grid without its title and notes; nothing for one without rows."""
    sides = [_side(grid, number) for number in range(len(grid.headings))]
    head = "".join(f"<th style='{side}'>{escape(text)}</th>" for text, side in zip(grid.headings, sides, strict=True))
    head = f"<thead><tr>{head}</tr></thead>" if any(grid.headings) else ""
    body = ""
    for row in grid.rows:
        cells = zip(row, sides, strict=True)
        tds = (f"<td style='{side}{STYLES.get(c.tone, '')}{heat(c.heat)}'>{escape(c.text)}</td>" for c, side in cells)
        body += f"<tr{BEST if row[0].tone == 'best' else ''}>{''.join(tds)}</tr>"
    return f"<table>{head}<tbody>{body}</tbody></table>" if grid.rows else ""


def heat(share: float) -> str:
    """The ground of a cell, the stronger the greater its share of the whole; the page's own below a hundredth."""
    return f";background:rgba({HEAT},{min(0.65, 0.1 + 0.6 * share):.2f})" if share >= 0.01 else ""


def _side(grid: Grid, number: int) -> str:
    if number in grid.code:
        return CODE
    wrap = "" if number in grid.prose else ";white-space:nowrap"
    return f"text-align:{'left' if number in grid.left else 'right'};vertical-align:top{wrap}"


def notes(texts: Sequence[str]) -> str:
    """Sentences as a list; nothing for none."""
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>" if texts else ""


def image(content: bytes, kind: str, what: str, look: str) -> str:
    """An ``img`` that holds what it shows, of ``image/`` and its ``kind``; ``what`` is said to those who can't see it."""
    data = base64.b64encode(content).decode("ascii")
    return f"<img {look} alt='{escape(what)}' src='data:image/{kind};base64,{data}'>"


def drawing(figure: Figure, what: str, look: str) -> str:
    """A figure as an ``img`` with an SVG inside: on a page of several its ids clash with nobody's."""
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
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
