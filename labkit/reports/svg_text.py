"""Text of a figure that stays text in its SVG: whoever shows it has the letters that matplotlib's own font lacks."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save(figure: Figure, target: Path | IO[bytes], **settings: Any) -> None:
    """As ``figure.savefig``: an SVG's names in whatever script come as text, not as the boxes that outlines of them would be."""
    if isinstance(target, Path) and target.suffix.lower() != ".svg":
        figure.savefig(target, **settings)
        return
    with _text():
        figure.savefig(target, format="svg", **settings)


@contextmanager
def _text() -> Iterator[None]:
    import matplotlib as mpl  # a quarter of a command's start, so only where something is drawn

    with warnings.catch_warnings(), mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "labkit"}):
        warnings.filterwarnings("ignore", "Glyph", UserWarning)
        warnings.filterwarnings("ignore", "constrained_layout", UserWarning)  # names too long for the figure
        yield
