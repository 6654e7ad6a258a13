"""A report, ready to be read in any of its forms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from labkit.core.errors import ArgumentError, UsageError, listed
from labkit.reports.document.comparison import Comparison, compare, comparison_page, comparison_text
from labkit.reports.document.cover import Cover
from labkit.reports.document.facts import Facts, Tell, gather
from labkit.reports.document.html import PAPERS, stages_page
from labkit.reports.document.markdown import stages_text
from labkit.reports.document.notebook import Exported, export, exported_page
from labkit.reports.document.pdf import browser, pdf
from labkit.reports.document.write import check_target, write_report
from labkit.store import Run

FORMS = (".html", ".md", ".pdf")
NOTEBOOK_FORMS = (".html", ".pdf")


@dataclass(frozen=True, repr=False)
class Report:
    """What one or more runs say, or how two differ, or a notebook without its code; in a notebook it shows its page.

    ``title`` stands in place of its own, ``comment`` below it, a paragraph a line.
    """

    content: Facts | Comparison | Exported
    code: bool = False
    title: str | None = None
    comment: str | None = None

    @property
    def regressions(self) -> int:
        """How many ratios fell, or failed, from the first run to the second; 0 for a report of another sort."""
        return len(self.content.found.regressions) if isinstance(self.content, Comparison) else 0

    def html(self, paper: str | None = None) -> str:
        """One whole HTML file that loads nothing. With ``paper`` (``A4`` or ``Letter``) it is unfolded, to be printed."""
        cover = Cover(self.title, self.comment, paper)
        if isinstance(self.content, Comparison):
            return comparison_page(self.content, cover)
        if isinstance(self.content, Exported):
            return exported_page(self.content, cover)
        return stages_page(self.content, cover, code=self.code)

    def markdown(self) -> str:
        """GitHub's Markdown, shorter than a comment may be; raises UsageError for a notebook."""
        if isinstance(self.content, Exported):
            raise UsageError("a notebook is exported as .html or .pdf, not as .md")
        cover = Cover(self.title, self.comment)
        if isinstance(self.content, Comparison):
            return comparison_text(self.content, cover)
        return stages_text(self.content, cover)

    def save(self, to: str | Path, paper: str = "A4") -> Path:
        """Write it as its ending says (.html, .md, .pdf), whole or not at all; raises UsageError for what can't be done."""
        path = check_form(to, paper)
        if path.suffix.lower() == ".pdf":
            content = pdf(self.html(paper))
        else:
            content = (self.markdown() if path.suffix.lower() == ".md" else self.html()).encode()
        write_report(path, content)
        return path

    def __repr__(self) -> str:
        return self.content.title if isinstance(self.content, Exported) else self.markdown()

    def _repr_html_(self) -> str:
        """The page in a frame: its style and its script stay apart from the notebook's."""
        frame = "width:100%;height:48em;border:1px solid #8884"
        return f"<iframe title='report' style='{frame}' srcdoc='{escape(self.html(), quote=True)}'></iframe>"


def make_report(
    runs: Sequence[Run],
    *,
    compared: bool = False,
    code: bool = False,
    profile: bool = False,
    pictures: bool = True,
    tell: Tell,
) -> Report:
    """The report of these runs, each once, or with ``compared`` of what moved from the first to the second.

    Raises ArgumentError when there are not two to compare.
    """
    if not compared:
        runs = list({run.folder.resolve(): run for run in runs}.values())
        return Report(gather(runs, pictures=pictures, profile=profile, tell=tell), code)
    if len(runs) != 2:
        raise ArgumentError("compare", True, f"it takes two runs, before and after; {len(runs)} came")
    return Report(compare(*runs))


def export_notebook(path: Path, tell: Tell) -> Report:
    """The report that a notebook is, executed unless all its cells were. Raises UsageError for what is no notebook."""
    return Report(export(path, tell))


def check_form(to: str | Path, paper: str = "A4", forms: Sequence[str] = FORMS) -> Path:
    """Where a report goes; raises ArgumentError, before any work, for an ending, a paper or a place that can't be had."""
    path = Path(to)
    if path.suffix.lower() not in forms:
        raise ArgumentError("to", to, f"give a file that ends in {', '.join(forms)}")
    if paper not in PAPERS:
        raise ArgumentError("paper", paper, f"papers are {listed(PAPERS)}")
    check_target(path)
    if path.suffix.lower() == ".pdf":
        browser()
    return path
