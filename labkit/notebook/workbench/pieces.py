"""Small pieces of HTML that several tabs show: a picture, code to copy, a message, how far a job is."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from labkit.reports import html
from labkit.reports.pictures import png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Selects the code, then copies it; where a front end forbids scripts in HTML the code is selected by hand.
COPY = "const t=this.parentNode.querySelector('textarea');t.select();document.execCommand('copy');this.textContent='Copied'"

IMPORT = "import labkit as lk"
WIDTH = 100  # letters of a line of code, about


def picture(image: np.ndarray, what: str, kind: str = "lk-picture") -> str:
    """An image as an ``img`` that holds it; ``what`` is said to those who can't see it."""
    return html.image(png(image), "png", what, f"class='{kind}'")


def drawing(figure: Figure, what: str) -> str:
    """A figure as an ``img`` with an SVG inside, on white paper in any theme."""
    return html.drawing(figure, what, "class='lk-figure'")


def code(text: str, what: str) -> str:
    """The call that reproduces what is shown, as a cell of its own, with a button that copies it."""
    whole = text if IMPORT in text else f"{IMPORT}\n\n{text}"
    lines = sum(1 + len(line) // WIDTH for line in whole.split("\n"))
    return (
        f"<div class='lk-code'><textarea readonly rows='{lines}' spellcheck='false' data-lm-suppress-shortcuts "
        f"aria-label='Code that reproduces {escape(what)}'>{escape(whole)}</textarea>"
        f'<button type="button" class="lk-button" onclick="{COPY}">Copy as code</button></div>'
    )


def message(text: str, trouble: bool = False) -> str:
    """A line for the reader; one that tells of trouble is announced by screen readers."""
    if not text:
        return ""
    return (
        f"<p class='lk-message lk-bad' role='alert'>⚠ {escape(text)}</p>"
        if trouble
        else f"<p class='lk-message'>{escape(text)}</p>"
    )


def facts(pairs: dict[str, str]) -> str:
    """Names and values in two columns."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in pairs.items())
    return f"<dl class='lk-facts'>{rows}</dl>" if rows else ""
