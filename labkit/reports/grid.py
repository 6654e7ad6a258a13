"""A table as data. What it holds is said once; the terminal, HTML and Markdown each draw the same grid."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cell:
    """One cell. ``tone`` is what it means (a verdict, ``best``, ``total``), which each form colours in its own way.

    ``outside`` is text that somebody else wrote; ``key`` is what a column is sorted by, "" for the unknown (last).
    ``heat`` is a share of some whole, 0 to 1: the greater, the more a cell stands out. HTML alone has room for the rest:
    ``hint`` is shown on hovering, ``drawn`` is SVG of our own beside the text, ``span`` counts columns, whose cells are empty.
    """

    text: str
    key: float | str | None = None
    tone: str = ""
    outside: bool = False
    heat: float = 0.0
    hint: str = ""
    drawn: str = ""
    span: int = 1


@dataclass(frozen=True)
class Grid:
    """Headings and rows, with a title above and notes below. The tone of a row is that of its first cell.

    A heading is a text, or a cell where there is more to it. The columns in ``left`` hold text, the others numbers.
    ``give_way`` names the columns that may go for want of width, the least important first; the text of those in ``prose``
    may break. Those in ``code`` hold source, whose blanks count; it is cut for want of width.
    """

    headings: tuple[str | Cell, ...]
    left: frozenset[int]
    rows: list[list[Cell]]
    title: str = ""
    notes: list[str] = field(default_factory=list)
    give_way: tuple[str, ...] = ()
    prose: frozenset[int] = frozenset()
    code: frozenset[int] = frozenset()

    @property
    def heads(self) -> list[Cell]:
        """The headings as cells."""
        return [Cell(heading) if isinstance(heading, str) else heading for heading in self.headings]

    @property
    def texts(self) -> list[tuple[str, ...]]:
        """The rows as plain text."""
        return [tuple(cell.text for cell in row) for row in self.rows]


def name(text: str, tone: str = "") -> Cell:
    """A cell that holds text from outside."""
    return Cell(text, tone=tone, outside=True)


def number(text: str, key: float | None) -> Cell:
    """A cell that is sorted by its figure."""
    return Cell(text, "" if key is None else key)
