"""The table of a comparison as HTML: one row a variant, its speed-up drawn as a bar with its interval on one shared axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from labkit.measure.result import arm_of
from labkit.reports import words

Row = dict[str, Any]

HEADINGS = {
    "variant": "",
    "median": "median of all calls",
    "speed-up [interval]": "baseline time / variant time, with its interval over launches",
    "verdict": "needs the whole interval beyond ±1 %, or within it",
    "× limit": "how many times as long as a plain copy of the bytes that must be read and written",
    "first call": "in a process of its own, with compilation and cold caches",
    "peak memory": "of the whole process tree, beyond its inputs",
    "agreement": "whether it computes what the reference computes",
}
SPEED_UP = "speed-up [interval]"
NUMBERS = ("median", "× limit", "first call", "peak memory")
# one shape a verdict, so that no one has to tell colours apart
SHAPES = {
    "faster": "M-4,-5 L5,0 L-4,5 Z",
    "slower": "M4,-5 L-5,0 L4,5 Z",
    "same": "M-4,-4 H4 V4 H-4 Z",
    "unresolved": "M-4.5,0 A4.5,4.5 0 1 0 4.5,0 A4.5,4.5 0 1 0 -4.5,0 Z",
    "baseline": "M-1.5,-6 H1.5 V6 H-1.5 Z",
}
AGREES = "✓ agrees"
FAILED = {"differs": "≠ differs", "crashed": "✕ crashed", "timed_out": "✕ timed out", "unavailable": "– unavailable"}
MOST_TICKS = 4


@dataclass(frozen=True)
class Axis:
    """A logarithmic axis of speed-ups from ``low`` to ``high``."""

    low: float
    high: float

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Axis:
        """One that holds 1 and every interval, with some air."""
        ends = [row[name] for row in rows for name in ("ratio", "ratio_low", "ratio_high") if row[name]]
        low, high = min([1.0, *ends]), max([1.0, *ends])
        air = max((high / low) ** 0.04, 1.02)
        return cls(low / air, high * air)

    def place(self, ratio: float) -> float:
        """Where a ratio lies, in per cent of the axis."""
        share = math.log(ratio / self.low) / math.log(self.high / self.low)
        return 100 * min(1.0, max(0.0, share))

    @property
    def ticks(self) -> list[float]:
        """Round numbers, 1 among them, far enough from each other to be read."""
        low, high = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        fine = [(1, steps) for steps in ((1, 2, 5), (1, 3))]
        for every, steps in (*fine, *((every, (1,)) for every in range(1, high - low + 2))):
            powers = [power for power in range(low, high + 1) if power % every == 0]
            marks = [step * 10.0**power for power in powers for step in steps]
            within = [mark for mark in marks if self.low <= mark <= self.high]
            if len(within) <= MOST_TICKS:
                break
        return within


def compare_html(
    rows: Sequence[Row], baseline: str, title: str = "", *, running: bool = False, notes: Sequence[str] = ()
) -> str:
    """A table of rows in the contract's columns, the fastest first; those without a time last, with their reason.

    While it is ``running`` a row without figures is one that waits its turn. ``title`` stands above, ``notes`` below.
    """
    axis = Axis.of(rows)
    timed = sorted((row for row in rows if row["ratio"] is not None), key=lambda row: -row["ratio"])
    others = [row for row in rows if row["ratio"] is None]
    head = "".join(_heading(name, axis) for name in HEADINGS)
    body = "".join(_timed(row, baseline, axis) for row in timed)
    body += "".join(_untimed(row, running) for row in others)
    below = "".join(f"<li>{escape(note)}</li>" for note in notes)
    table = f"<table class='lk-compare'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return (
        (f"<h3>{escape(title)}</h3>" if title else "")
        + f"<div class='lk-scroll'>{table}</div>"
        + (f"<ul class='lk-notes'>{below}</ul>" if below else "")
    )


def _heading(name: str, axis: Axis) -> str:
    meaning = f" title='{escape(HEADINGS[name])}'" if HEADINGS[name] else ""
    if name == SPEED_UP:
        marks = "".join(
            f"<text x='{axis.place(tick):.1f}%' y='11' text-anchor='middle'>{tick:g}×</text>" for tick in axis.ticks
        )
        drawn = f"<svg height='14' aria-hidden='true'>{marks}</svg>"
        return f"<th scope='col' class='lk-speed'{meaning}><div><span>{escape(name)}</span>{drawn}</div></th>"
    side = " class='lk-number'" if name in NUMBERS else ""
    return f"<th scope='col'{side}{meaning}>{escape(name)}</th>"


def _name(row: Row) -> str:
    name = escape(arm_of(row)).replace("_", "_<wbr>")  # a long name breaks at its words
    return f"<th scope='row'><b>{name}</b> <small>{escape(str(row['kind'] or ''))}</small></th>"


def _timed(row: Row, baseline: str, axis: Axis) -> str:
    kind = "baseline" if arm_of(row) == baseline else str(row["verdict"] or "")
    open_ = bool(row.get("provisional")) and kind != "baseline"
    verdict = "… so far" if open_ and not kind else words.VERDICT_MARKS.get(kind, kind)
    why = f" title='{escape(words.reason(row))}'" if words.reason(row) else ""
    cells = (
        _number(words.wall_and_device(row)),
        f"<td class='lk-speed'><div><span>{escape(words.times(row))}</span>{bar_svg(row, kind, axis)}</div></td>",
        f"<td class='lk-verdict lk-{escape(kind or 'unresolved')}'{why}>{escape(verdict)}</td>",
        _number(words.share(row["limit_ratio"])),
        _number(words.duration(row["first_call_s"])),
        _number(words.size(row["peak_bytes"])),
        f"<td class='lk-agrees'>{AGREES}</td>",
    )
    return f"<tr{' class=lk-provisional' if open_ else ''}>{_name(row)}{''.join(cells)}</tr>"


def _untimed(row: Row, running: bool) -> str:
    """A row without a time: what is known of it, or why it has none."""
    status = str(row["status"])
    if status == "measured":
        checked = row["first_call_s"] is not None
        said = "waits to be timed" if checked and running else "waits to be checked" if running else words.reason(row)
        agreement = AGREES if checked else words.UNKNOWN
    else:
        said = words.outcome(status, words.reason(row))
        agreement = FAILED.get(status, words.UNKNOWN)
    known = _number(words.duration(row["first_call_s"])) + _number(words.size(row["peak_bytes"]))
    trouble = " class='lk-trouble'" if status in FAILED and status != "unavailable" else ""
    return (
        f"<tr class='lk-untimed'>{_name(row)}<td colspan='4' class='lk-reason'>{escape(said or words.UNKNOWN)}</td>"
        f"{known}<td{trouble}>{escape(agreement)}</td></tr>"
    )


def _number(text: str) -> str:
    return f"<td class='lk-number'>{escape(text)}</td>"


def bar_svg(row: Row, kind: str, axis: Axis) -> str:
    """A bar from 1× to the ratio, the interval as a line with ends, and the verdict's mark; figures stand beside it."""
    one, at = axis.place(1.0), axis.place(row["ratio"])
    low, high = axis.place(row["ratio_low"] or row["ratio"]), axis.place(row["ratio_high"] or row["ratio"])
    ends = "".join(f"<line x1='{x:.2f}%' x2='{x:.2f}%' y1='6' y2='14'/>" for x in (low, high)) if high > low else ""
    shape = SHAPES.get(kind, SHAPES["unresolved"])
    return (
        f"<svg class='lk-{escape(kind or 'unresolved')}' height='20' aria-hidden='true'>"
        f"<line class='lk-one' x1='{one:.2f}%' x2='{one:.2f}%' y1='0' y2='20'/>"
        f"<rect x='{min(one, at):.2f}%' width='{abs(at - one):.2f}%' y='5' height='10'/>"
        f"<g class='lk-interval'><line x1='{low:.2f}%' x2='{high:.2f}%' y1='10' y2='10'/>{ends}</g>"
        f"<svg x='{at:.2f}%' y='10' overflow='visible'><path d='{shape}'/></svg></svg>"
    )
