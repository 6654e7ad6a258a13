"""Line profiles and their differences in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from labkit.profiling.diff import ProfileDiff
from labkit.profiling.profile import Profile
from labkit.reports.lines.grids import block_grid, cautions, headline, line_grid, place, printable, side_grid
from labkit.reports.terminal import draw, draw_whole, plain

PLAIN_WIDTH = 150  # columns of a text that is no terminal's: a notebook's, a log's


def profile_text(profile: Profile) -> str:
    return plain(lambda out: print_profile(profile, out), PLAIN_WIDTH)


def diff_text(diff: ProfileDiff) -> str:
    return plain(lambda out: print_diff(diff, out), PLAIN_WIDTH)


def print_profile(profile: Profile, out: Console) -> None:
    """Every function with its lines: hits, time, time a hit, share of the total, source."""
    out.print(Text(headline(profile), style="bold"), soft_wrap=True)
    for note in cautions(profile):
        out.print(Text("  " + note, style="dim"), soft_wrap=True)
    for function in profile.functions:
        out.print()
        where = f"  ({place(function)})" if function.file else ""
        out.print(Text.assemble((printable(function.name), "bold"), (where, "dim")), soft_wrap=True)
        draw(line_grid(profile, function), out)


def print_diff(diff: ProfileDiff, out: Console) -> None:
    """The blocks with time and share in A and in B, the totals, then the lines of each block side by side."""
    for letter, profile in (("A", diff.a), ("B", diff.b)):
        out.print(Text(f"{letter}  {headline(profile)}", style="bold"), soft_wrap=True)
        for note in cautions(profile)[:-1]:
            out.print(Text("     " + note, style="dim"), soft_wrap=True)
    out.print(Text(cautions(diff.a)[-1], style="dim"), soft_wrap=True)
    out.print()
    draw(block_grid(diff), out)
    out.print()
    draw_whole(side_grid(diff), out)
