"""Grids as Markdown: ``table.md`` of a stored run, and what one pastes into a pull request."""

from __future__ import annotations

from collections.abc import Callable

from labkit.reports.grid import Cell, Grid


def table(grid: Grid, written: Callable[[Cell], str] | None = None) -> str:
    """A grid without its title and notes; each cell as ``written``, which is as :func:`safe` text when None."""
    written = written or (lambda cell: safe(cell.text))
    heads = [written(cell) for cell in grid.heads]
    marks = ["---" if n in grid.left else "---:" for n in range(len(grid.headings))]
    rows = [[written(cell) for cell in row] for row in grid.rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, marks, *rows)) + "\n"


def safe(text: str) -> str:
    """Text from outside (names, error messages) as text: no markup, no cell borders, no lines of its own."""
    for mark, instead in (
        ("\\", "\\\\"),
        ("`", "\\`"),
        ("*", "\\*"),
        ("|", "\\|"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ("](", "]\\("),
    ):
        text = text.replace(mark, instead)
    return " ".join(text.split())
