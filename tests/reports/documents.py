"""What the tests of reports share: stored runs with names that mean harm, and a parser that sees what became of them."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from labkit.measure.bench import Measurement
from labkit.measure.result import Row, Status
from labkit.reports.document.report import Report, make_report
from labkit.reports.runs.forms import markdown
from labkit.store import Run, save

Make = Callable[..., Any]
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)> a|b `c` ```d **e** [f](javascript:alert(3)) "
    "\\ \"g\" 'h' &amp; </style></svg> @everyone #1 https://evil.example ![i](http://evil.example/i.png) $x_{ {{ 7*7 }} 로고"
)
TURNED = "\u202e\x1b[31m\n\n# heading\n"  # turns the line's direction, colours a terminal, begins a new line


def report_of(*runs: Run, **facts: Any) -> Report:
    """A report that computes nothing anew."""
    return make_report(list(runs), **({"pictures": False, "tell": lambda text: None} | facts))


def stored(measurement: Measurement, folder: Path) -> Run:
    return save(measurement, markdown, folder)


def hostile_rows(measured: Make) -> list[Row]:
    """A table in which every text from outside is hostile."""
    place = {"stage": HOSTILE, "workload": HOSTILE + TURNED}
    rows = [measured("plain", 1.0, 0.0, verdict=None, **place), measured(HOSTILE + TURNED, 3.0, kind=HOSTILE, **place)]
    return [*rows, Row(HOSTILE, HOSTILE + TURNED, "broken", "numpy", status=Status.CRASHED, reason=HOSTILE + TURNED)]


class Seen(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)

    @property
    def addresses(self) -> list[str]:
        """Whatever an element names to be loaded or followed."""
        names = ("src", "href", "xlink:href", "srcset", "data", "poster", "action", "background")
        return [str(value) for _, attrs in self.elements for name, value in attrs.items() if name in names]
