"""What its author says of a report."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.reports import markdown, words


@dataclass(frozen=True)
class Cover:
    """A title in place of the report's own, a comment, and the paper it is printed on: None for one that is read on a screen."""

    title: str | None = None
    comment: str | None = None
    paper: str | None = None

    def heading(self, own: str) -> str:
        """The title, or the report's own."""
        return words.one_line(self.title or "") or own

    @property
    def paragraphs(self) -> list[str]:
        """The comment, one text a line of it."""
        return [text for line in (self.comment or "").splitlines() if (text := words.one_line(line))]

    @property
    def quoted(self) -> str:
        """The comment as Markdown, in which it is text alone."""
        return "".join(f"{markdown.safe(text)}\n\n" for text in self.paragraphs)
