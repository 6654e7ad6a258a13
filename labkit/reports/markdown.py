"""Runs as Markdown: ``table.md`` of a stored run, and what one pastes into a pull request."""

from __future__ import annotations

from typing import Any

from labkit.reports import against, doctor, words
from labkit.reports.cells import HEADINGS, cells


def markdown(run: dict[str, Any]) -> str:
    """Every table of a run with its notes, and the machine."""
    lines = []
    for part in cells(run):
        lines += [f"### {_safe(part.title)}", ""]
        if part.rows:
            lines += [
                _line(HEADINGS),
                "|" + "|".join("---" if n in (0, 1, 4) else "---:" for n in range(len(HEADINGS))) + "|",
            ]
            lines += [_line(row) for row in part.rows]
            lines.append("")
        lines += [f"- {_safe(note)}" for note in part.notes]
        lines.append("")
    if found := [*against.lines(run), *doctor.lines(run)]:
        lines += [*(f"- {_safe(line)}" for line in found), ""]
    lines.append(f"Measured {run['started']} on {_safe(words.machine(run['machine']))}.")
    return "\n".join(lines) + "\n"


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(_safe(cell) for cell in cells) + " |"


def _safe(text: str) -> str:
    """Text from outside (names, error messages) as text: no markup, no cell borders, no lines of its own."""
    for mark, safe in (
        ("\\", "\\\\"),
        ("`", "\\`"),
        ("*", "\\*"),
        ("|", "\\|"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ("](", "]\\("),
    ):
        text = text.replace(mark, safe)
    return " ".join(text.split())
