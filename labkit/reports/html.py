"""Runs as static HTML for notebooks: no script, no style sheet, legible in light and dark themes."""

from __future__ import annotations

from html import escape
from typing import Any

from labkit.reports import against, doctor, words
from labkit.reports.cells import HEADINGS, Cells, cells

COLORS = {"faster": "#1a7f37", "slower": "#cf222e", "same": "#0969da", "unresolved": "#9a6700"}


def html(run: dict[str, Any]) -> str:
    """Every table of a run with its notes, and the machine; whatever came from outside is escaped."""
    parts = [_table(part) for part in cells(run)]
    if found := [*against.lines(run), *doctor.lines(run)]:
        parts.append(f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in found)}</ul>")
    return "".join(parts) + f"<p><small>on {escape(words.machine(run['machine']))}</small></p>"


def page(title: str, body: str) -> str:
    """A whole HTML file around a fragment: nothing is loaded from anywhere, and it follows the reader's theme."""
    style = (
        ":root{color-scheme:light dark}body{font:14px system-ui,sans-serif;margin:2em auto;max-width:1400px;padding:0 1em}"
        "table{border-collapse:collapse}td,th{padding:1px 8px}"
    )
    head = f"<meta charset='utf-8'><title>{escape(title)}</title><style>{style}</style>"
    return f"<!doctype html><html lang='en'><head>{head}</head><body>{body}</body></html>\n"


def _table(part: Cells) -> str:
    head = "".join(f"<th style='text-align:{_align(n)}'>{escape(text)}</th>" for n, text in enumerate(HEADINGS))
    body = ""
    for row, verdict in zip(part.rows, part.verdicts, strict=True):
        body += "<tr>"
        for number, cell in enumerate(row):
            color = f";color:{COLORS[verdict]};font-weight:600" if number in (3, 4) and verdict in COLORS else ""
            body += f"<td style='text-align:{_align(number)}{color}'>{escape(cell)}</td>"
        body += "</tr>"
    notes = "".join(f"<li>{escape(note)}</li>" for note in part.notes)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if part.rows else ""
    return f"<h4>{escape(part.title)}</h4>{table}<ul>{notes}</ul>"


def _align(number: int) -> str:
    return "left" if number in (0, 1, 4) else "right"
