"""Line profiles and their differences as static HTML: heat by share, legible in light and dark themes, no script."""

from __future__ import annotations

from html import escape

from labkit.profiling.diff import ProfileDiff, Ran
from labkit.profiling.profile import Profile
from labkit.reports import words
from labkit.reports.html import heat, notes, table
from labkit.reports.lines.grids import block_grid, cautions, headline, line_grid, matched, percent, place

WRAPPED = (
    "font-family:monospace;white-space:pre-wrap;overflow-wrap:anywhere;text-align:left"  # two columns must fit a page
)
NUMBER = "text-align:right;white-space:nowrap"
LEFT = "text-align:left"
FOLDED_BELOW = 0.01  # of the total: a click shows the rest


def profile_html(profile: Profile) -> str:
    """Each function as a table of its lines; helpers that hardly count are folded."""
    parts = [f"<h4>{escape(headline(profile))}</h4>", notes(cautions(profile))]
    for function in profile.functions:
        caption = f"<b>{escape(function.name)}</b> <small>{escape(place(function))}</small>"
        counts = function is profile.functions[0] or function.own_ns >= FOLDED_BELOW * profile.total_ns
        unfolded = " open" if counts else ""
        parts.append(
            f"<details{unfolded} style='margin-top:1em'><summary>{caption}</summary>"
            f"{table(line_grid(profile, function))}</details>"
        )
    return "".join(parts)


def diff_html(diff: ProfileDiff) -> str:
    """The table of blocks, then the lines of each block side by side."""
    parts = []
    for letter, profile in (("A", diff.a), ("B", diff.b)):
        parts.append(f"<h4>{letter}: {escape(headline(profile))}</h4>{notes(cautions(profile)[:-1])}")
    parts += [f"<p>{escape(cautions(diff.a)[-1])}</p>", table(block_grid(diff))]
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


def _side(profile: Profile, ran: Ran | None) -> str:
    if ran is None:
        return "<td></td>" * 3
    _, line = ran
    share = line.own_ns / (profile.total_ns or 1)
    time = words.duration(line.own_ns / profile.calls * 1e-9)
    numbers = f"<td style='{NUMBER}'>{time}</td><td style='{NUMBER}{heat(share)}'>{percent(share)}</td>"
    return numbers + f"<td style='{WRAPPED}{heat(share)}'>{escape(line.source.strip())}</td>"
