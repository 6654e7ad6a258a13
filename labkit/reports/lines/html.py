"""Line profiles and their differences as static HTML: heat by share, legible in light and dark themes, no script."""

from __future__ import annotations

from html import escape

from labkit.profiling.diff import ProfileDiff
from labkit.profiling.profile import Profile
from labkit.reports.html import notes, table, whole
from labkit.reports.lines.grids import block_grid, cautions, headline, line_grid, place, side_grid

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
    parts += [f"<p>{escape(cautions(diff.a)[-1])}</p>", table(block_grid(diff)), whole(side_grid(diff))]
    return "".join(parts)
