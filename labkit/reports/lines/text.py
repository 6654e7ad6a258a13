"""Line profiles and their differences in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from labkit.profiling.diff import ProfileDiff, Ran
from labkit.profiling.profile import Profile
from labkit.reports import words
from labkit.reports.lines.grids import block_grid, cautions, headline, line_grid, matched, percent, place, printable
from labkit.reports.terminal import HOT, WARM, draw, plain

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
    longest = max((len(line.source.strip()) for _, line in diff.a.executed), default=0)
    half = max(20, min(longest, (out.width - 36) // 2))
    for block in diff.blocks:
        out.print()
        out.print(Text.assemble((printable(block.name), "bold"), (f"  {matched(block)}", "dim")), soft_wrap=True)
        sides = Table(box=None, pad_edge=False, show_header=False)
        for side in "AB":
            sides.add_column(justify="right", no_wrap=True, width=8)
            sides.add_column(justify="right", no_wrap=True, width=7)
            sides.add_column(no_wrap=True, overflow="ellipsis", max_width=half, min_width=half if side == "A" else None)
        for left, right in block.pairs:
            sides.add_row(*_side(diff.a, left), *_side(diff.b, right))
        out.print(sides)


def _side(profile: Profile, ran: Ran | None) -> list[Text]:
    if ran is None:
        return [Text(""), Text(""), Text("")]
    _, line = ran
    share = line.own_ns / (profile.total_ns or 1)
    style = "bold red" if share >= HOT else "yellow" if share >= WARM else ""
    time = words.duration(line.own_ns / profile.calls * 1e-9)
    return [Text(time), Text(percent(share), style=style), Text(printable(line.source.strip()), style=style)]
