"""Memory profiles for people: text for terminals and logs, static HTML for notebooks. The input is their document."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from labkit.measure.result import arm_of
from labkit.reports.words import one_line, size

SMALL = 0.001  # rows below that share of both totals are told together
WIDEST_SOURCE = 100
HEADINGS = ("line", "at peak", "share", "allocated", "pieces", "source")
CODE = "font-family:monospace;white-space:pre;text-align:left"
NUMBER = "text-align:right;white-space:nowrap"
HEAT = "rgba(255,120,0,{:.2f})"  # over whatever ground the theme has


def text(document: Mapping[str, Any], path: Path | None = None, problem: str | None = None) -> str:
    """The profile as plain text: a summary, then the lines of each file."""
    shown, small = _rows(document)
    cells = [_cells(row, document["tracked_peak_bytes"]) for row in shown]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *cells, strict=True)]
    out = [one_line(line) for line in summary(document)]
    file = None
    head = "  ".join(word.rjust(width) for word, width in zip(HEADINGS[:-1], widths, strict=False))
    for row, cell in zip(shown, cells, strict=True):
        if row["file"] != file:
            file = row["file"]
            out += ["", _heading(file, file, shown), f"{head}  {HEADINGS[-1]}"]
        out.append(
            "  ".join(word.rjust(width) for word, width in zip(cell[:-1], widths, strict=False)) + "  " + cell[-1]
        )
    out += ["", *(one_line(note) for note in [*small, *notes(document, path, problem)])]
    return "\n".join(out)


def html(document: Mapping[str, Any], path: Path | None = None, problem: str | None = None) -> str:
    """The profile as HTML without scripts or style sheets; whatever came from outside is escaped. Heat: bytes at peak."""
    shown, small = _rows(document)
    total, body, file = document["tracked_peak_bytes"], "", None
    greatest = max([row["peak_bytes"] for row in shown], default=0) or 1
    for row in shown:
        if row["file"] != file:
            file = row["file"]
            name = escape(_heading(file, Path(file).name, shown))
            body += f"<tr><th colspan='6' style='text-align:left' title='{escape(one_line(file))}'>{name}</th></tr>"
        heat = HEAT.format(0.55 * row["peak_bytes"] / greatest)
        for number, cell in enumerate(_cells(row, total)):
            style = CODE if number == 5 else NUMBER
            body += f"{'<tr>' if number == 0 else ''}<td style='{style};background:{heat}'>{escape(cell)}</td>"
        body += "</tr>"
    head = "".join(f"<th style='{CODE if n == 5 else NUMBER}'>{escape(word)}</th>" for n, word in enumerate(HEADINGS))
    title, *facts = map(one_line, summary(document))
    about = "".join(f"<li>{escape(fact)}</li>" for fact in facts)
    below = "".join(f"<li>{escape(one_line(note))}</li>" for note in [*small, *notes(document, path, problem)])
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"<h4>{escape(title)}</h4><ul>{about}</ul>{table}<ul>{below}</ul>"


def summary(document: Mapping[str, Any]) -> list[str]:
    """A title, then what the call took."""
    threads = f"{document['threads']} thread{'s' if document['threads'] != 1 else ''}"
    inputs = f"inputs {size(document['input_bytes'])}, output {size(document['output_bytes'])}"
    return [
        f"memory of {arm_of(document)} ({document['kind']}), {document['stage']} on {document['workload']}, {threads}",
        f"peak of the process tree in one call: {size(document['peak_bytes'])} ({inputs})",
        f"held between calls beyond the inputs: {size(document['standing_bytes'])} (libraries, compiled code, workers)",
        f"greatest total of the call's allocations: {size(document['tracked_peak_bytes'])}, by line:",
    ]


def notes(document: Mapping[str, Any], path: Path | None, problem: str | None) -> list[str]:
    """What to know about the figures, and where they are kept."""
    where = [f"stored in {path}"] if path else [f"not stored: {problem}"] if problem else []
    meaning = (
        "at peak: held when all allocations together were greatest, those rows add up; allocated: in all, freed or not. "
        "Lines count bytes asked for, the process tree bytes touched."
    )
    return [meaning, *document["notes"], *where]


def _rows(document: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows worth a line, and one sentence about the others; rows that stand for no line are always shown."""
    rows = list(document["lines"])
    in_all = sum(row["allocated_bytes"] for row in rows)
    least_peak, least_all = SMALL * document["tracked_peak_bytes"], SMALL * in_all
    small = [
        row for row in rows if row["file"] and row["peak_bytes"] < least_peak and row["allocated_bytes"] < least_all
    ]
    if not small:
        return rows, []
    peak, allocated = sum(row["peak_bytes"] for row in small), sum(row["allocated_bytes"] for row in small)
    lines = f"{len(small)} line{'s' if len(small) != 1 else ''}"
    sentence = f"{lines} below {SMALL:.1%} not shown: {size(peak)} at peak, {size(allocated)} allocated"
    return [row for row in rows if row not in small], [sentence]


def _heading(file: str, name: str, rows: list[dict[str, Any]]) -> str:
    """A file and those of its functions that are shown: a notebook's cells have names that tell nothing."""
    functions = dict.fromkeys(row["function"] for row in rows if row["file"] == file)
    return one_line(f"{name}: {', '.join(functions)}") if file else "in no line of yours"


def _cells(row: Mapping[str, Any], total: int) -> tuple[str, ...]:
    source = one_line(row["source"])
    source = source if len(source) <= WIDEST_SOURCE else source[: WIDEST_SOURCE - 1] + "…"
    if not row["line"]:
        source = f"{one_line(row['function'])}: {source}"
    return (
        str(row["line"] or ""),
        size(row["peak_bytes"]),
        f"{row['peak_bytes'] / total:.1%}" if total else "",
        size(row["allocated_bytes"]),
        f"{row['allocations']:,}",
        source,
    )
