"""What the doctor says as static HTML for notebooks: no script, no style sheet, legible in light and dark themes."""

from __future__ import annotations

from html import escape
from typing import Any

from labkit.reports import words
from labkit.reports.doctor import MARKS, Section, sections, summary

COLORS = {"ok": "#1a7f37", "note": "#0969da", "warning": "#9a6700"}
LEFT = "text-align:left;vertical-align:top"


def html(document: dict[str, Any]) -> str:
    """The sections as tables, the machine, and how many warnings there are; whatever came from outside is escaped."""
    stopped = "<p>stopped early: what is shown was done before</p>" if document["stopped"] else ""
    told = f"<p><b>{escape(summary(document['doctor']))}</b></p>"
    machine = f"<p><small>on {escape(words.machine(document['machine']))}</small></p>"
    return told + "".join(_table(section) for section in sections(document)) + stopped + machine


def _table(section: Section) -> str:
    body = ""
    for level, name, text, why, way_out in section.rows:
        color = f"color:{COLORS[level]};font-weight:600" if level in COLORS else ""
        more = f"<br><small>{escape(why)}<br>→ {escape(way_out)}</small>" if why else ""
        body += f"<tr><td style='{LEFT};{color}'>{MARKS.get(level, '–')}</td>"
        body += f"<td style='{LEFT};white-space:nowrap'>{escape(name)}</td><td style='{LEFT}'>{escape(text)}{more}</td></tr>"
    return f"<h4>{escape(section.title)}</h4><table><tbody>{body}</tbody></table>"
