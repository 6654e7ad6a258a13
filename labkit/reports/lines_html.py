"""Line profiles and their differences as static HTML: heat by share, legible in light and dark themes, no script."""

from __future__ import annotations

from html import escape

from labkit.profiling.diff import ProfileDiff, Ran
from labkit.profiling.profile import Line, Profile
from labkit.reports import words
from labkit.reports.lines import (
    BLOCK_HEADINGS,
    UNMATCHED,
    block_cells,
    cautions,
    headline,
    matched,
    percent,
    place,
    total_cells,
)

HEAT = "230,97,1"  # orange, seen by all; its strength is the share
CODE = "font-family:monospace;white-space:pre;text-align:left"
WRAPPED = (
    "font-family:monospace;white-space:pre-wrap;overflow-wrap:anywhere;text-align:left"  # two columns must fit a page
)
NUMBER = "text-align:right;white-space:nowrap"
LEFT = "text-align:left"
FOLDED_BELOW = 0.01  # of the total: a click shows the rest


def profile_html(profile: Profile) -> str:
    """Each function as a table of its lines; helpers that hardly count are folded."""
    parts = [f"<h4>{escape(headline(profile))}</h4>", _list(cautions(profile))]
    for function in profile.functions:
        heads = "".join(f"<th style='{NUMBER}'>{text}</th>" for text in ("line", "hits", "time", "per hit", "share"))
        rows = "".join(_line(profile, line) for line in function.lines)
        caption = f"<b>{escape(function.name)}</b> <small>{escape(place(function))}</small>"
        counts = function is profile.functions[0] or function.own_ns >= FOLDED_BELOW * profile.total_ns
        unfolded = " open" if counts else ""
        parts.append(
            f"<details{unfolded} style='margin-top:1em'><summary>{caption}</summary><table><thead><tr>{heads}"
            f"<th style='{LEFT}'>source</th></tr></thead><tbody>{rows}</tbody></table></details>"
        )
    return "".join(parts)


def diff_html(diff: ProfileDiff) -> str:
    """The table of blocks, then the lines of each block side by side."""
    parts = []
    for letter, profile in (("A", diff.a), ("B", diff.b)):
        parts.append(f"<h4>{letter}: {escape(headline(profile))}</h4>{_list(cautions(profile)[:-1])}")
    parts.append(f"<p>{escape(cautions(diff.a)[-1])}</p>")
    heads = "".join(f"<th style='{_align(text)}'>{escape(text)}</th>" for text in BLOCK_HEADINGS)
    rows = ""
    for block, row, cells in zip(diff.blocks, diff.rows, block_cells(diff), strict=True):
        heats = {2: row["a_share"], 4: row["b_share"]}
        style = ";font-style:italic" if block.matched in UNMATCHED else ""
        rows += "<tr>"
        for number, (heading, cell) in enumerate(zip(BLOCK_HEADINGS, cells, strict=True)):
            rows += f"<td style='{_align(heading)}{_heat(heats.get(number, 0.0))}{style}'>{escape(cell)}</td>"
        rows += "</tr>"
    pairs = zip(BLOCK_HEADINGS, total_cells(diff), strict=True)
    foot = "".join(f"<th style='{_align(heading)}'>{escape(cell)}</th>" for heading, cell in pairs)
    parts.append(f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody><tfoot><tr>{foot}</tr></tfoot></table>")
    sides = ""
    for block in diff.blocks:
        title = f"<b>{escape(block.name)}</b> <small>{escape(matched(block))}</small>"
        sides += f"<tr><td colspan='6' style='{LEFT};padding-top:0.8em'>{title}</td></tr>"
        for left, right in block.pairs:
            sides += f"<tr>{_side(diff.a, left)}{_side(diff.b, right)}</tr>"
    lines = "".join(
        f"<th colspan='3' style='{LEFT}'>{letter}: {escape(p.variant)}</th>"
        for letter, p in (("A", diff.a), ("B", diff.b))
    )
    columns = f"<colgroup>{'<col style=width:5.5em><col style=width:5em><col>' * 2}</colgroup>"
    style = "margin-top:1em;width:100%;table-layout:fixed"
    body = f"<thead><tr>{lines}</tr></thead><tbody>{sides}</tbody>"
    parts.append(f"<table style='{style}'>{columns}{body}</table>")
    return "".join(parts)


def _list(notes: list[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(note)}</li>" for note in notes) + "</ul>"


def _line(profile: Profile, line: Line) -> str:
    number = str(line.number) if line.number else ""
    if not line.hits:
        blank = f"<td style='{NUMBER};opacity:0.6'>{number}</td>" + "<td></td>" * 4
        return f"<tr>{blank}<td style='{CODE};opacity:0.6'>{escape(line.source)}</td></tr>"
    share = line.time_ns / (profile.total_ns or 1)
    time, per_hit = words.duration(line.time_ns * 1e-9), words.duration(line.time_ns / line.hits * 1e-9)
    cells = "".join(f"<td style='{NUMBER}'>{cell}</td>" for cell in (number, words.count(line.hits), time, per_hit))
    heat = _heat(share)
    return f"<tr>{cells}<td style='{NUMBER}{heat}'>{percent(share)}</td><td style='{CODE}{heat}'>{escape(line.source)}</td></tr>"


def _side(profile: Profile, ran: Ran | None) -> str:
    if ran is None:
        return "<td></td>" * 3
    _, line = ran
    share = line.own_ns / (profile.total_ns or 1)
    time = words.duration(line.own_ns / profile.calls * 1e-9)
    numbers = f"<td style='{NUMBER}'>{time}</td><td style='{NUMBER}{_heat(share)}'>{percent(share)}</td>"
    return numbers + f"<td style='{WRAPPED}{_heat(share)}'>{escape(line.source.strip())}</td>"


def _heat(share: float) -> str:
    return f";background:rgba({HEAT},{min(0.65, 0.1 + 0.6 * share):.2f})" if share >= 0.01 else ""


def _align(heading: str) -> str:
    return LEFT if heading in ("block", "matched") else NUMBER
