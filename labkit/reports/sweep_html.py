"""A sweep as static HTML for notebooks: no script, no style sheet, the figure inside as SVG."""

from __future__ import annotations

import base64
import io
from html import escape

from labkit.reports import words
from labkit.reports.html import COLORS
from labkit.reports.sweep_cells import COLORED, LEFT, cells
from labkit.reports.sweep_words import Document

BEST = "background:rgba(0,158,115,0.12)"


def html(document: Document, where: str | None = None) -> str:
    """The table with its notes, the picture, and the machine; whatever came from outside is escaped."""
    part = cells(document)
    style = [f"text-align:{'left' if name in LEFT else 'right'}" for name in part.headings]
    head = "".join(f"<th style='{css}'>{escape(name)}</th>" for name, css in zip(part.headings, style, strict=True))
    body = ""
    for row, verdict, best in zip(part.rows, part.verdicts, part.best, strict=True):
        body += f"<tr style='{BEST}'>" if best else "<tr>"
        for name, cell, css in zip(part.headings, row, style, strict=True):
            color = f";color:{COLORS[verdict]};font-weight:600" if name in COLORED and verdict in COLORS else ""
            body += f"<td style='{css}{color};white-space:nowrap'>{escape(cell)}</td>"
        body += "</tr>"
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if part.rows else ""
    notes = "".join(f"<li>{escape(note)}</li>" for note in part.notes)
    stopped = "<p>stopped early: what is shown was done before</p>" if document["stopped"] else ""
    kept = f"; stored in {escape(where)}" if where else ""
    machine = f"<p><small>on {escape(words.machine(document['machine']))}{kept}</small></p>"
    return f"<h4>{escape(part.title)}</h4>{table}<ul>{notes}</ul>{_picture(document)}{stopped}{machine}"


def _picture(document: Document) -> str:
    """The figure as an image of its own: ids inside an SVG would clash with those of the next one on the page."""
    from labkit.reports.sweep_figure import drawable, figure  # matplotlib takes its time

    if not drawable(document):
        return ""
    stream = io.BytesIO()
    figure(document).savefig(stream, format="svg", metadata={"Date": None})
    content = base64.b64encode(stream.getvalue()).decode("ascii")
    source = f"data:image/svg+xml;base64,{content}"
    return f"<p><img alt='the sweep, drawn' style='max-width:100%;background:white' src='{source}'></p>"
