"""Line profiles and their differences in the terminal, and the words that go with them anywhere."""

from __future__ import annotations

import io
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from labkit.profiling.diff import Block, ProfileDiff, Ran
from labkit.profiling.profile import HOWS, Function, Line, Profile
from labkit.reports import words

PLAIN_WIDTH = 150  # columns of a text that is no terminal's: a notebook's, a log's
UNMATCHED = {"only in A": "nothing in B matches", "only in B": "nothing in A matches"}
NUMBERS_WIDTH = 46  # of the columns left of the source
HOT, WARM = 0.2, 0.05  # shares of the total from which a line is marked


def headline(profile: Profile) -> str:
    """``main_colors/naive on logo: 43.2 ms a call, over 40 calls``"""
    a_call = words.duration(profile.total_ns / profile.calls * 1e-9)
    calls = f"{profile.calls} call{'s' if profile.calls > 1 else ''}"
    return f"{profile.stage}/{profile.variant} on {profile.workload}: {a_call} a call, over {calls}"


def cautions(profile: Profile) -> list[str]:
    """How the profile was taken, its inflation, and whatever else its reader must know."""
    how = HOWS[profile.how]
    inflation = f"inflation {words.factor(profile.inflation)} (recorded / plain calls of the same run)"
    return [how, inflation, *profile.notes, "shares, not speed-ups: those come from labkit bench alone"]


def percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def points(change: float) -> str:
    """A change of a share, in percentage points."""
    return f"{change * 100:+.1f}"


def profile_text(profile: Profile) -> str:
    return _plain(lambda out: print_profile(profile, out))


def diff_text(diff: ProfileDiff) -> str:
    return _plain(lambda out: print_diff(diff, out))


def _plain(draw: object) -> str:
    file = io.StringIO()
    draw(Console(file=file, width=PLAIN_WIDTH, highlight=False, color_system=None, force_jupyter=False))  # type: ignore[operator]
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def print_profile(profile: Profile, out: Console) -> None:
    """Every function with its lines: hits, time, time a hit, share of the total, source."""
    out.print(Text(headline(profile), style="bold"), soft_wrap=True)
    for note in cautions(profile):
        out.print(Text("  " + note, style="dim"), soft_wrap=True)
    for function in profile.functions:
        out.print()
        where = f"  ({place(function)})" if function.file else ""
        out.print(Text.assemble((printable(function.name), "bold"), (where, "dim")), soft_wrap=True)
        table = Table(box=None, pad_edge=False, header_style="dim")
        for heading in ("line", "hits", "time", "per hit", "share"):
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("source", no_wrap=True, overflow="ellipsis", max_width=max(30, out.width - NUMBERS_WIDTH))
        for line in function.lines:
            table.add_row(*_line_cells(profile, line))
        out.print(table)


def _line_cells(profile: Profile, line: Line) -> list[Text]:
    number = Text(str(line.number) if line.number else "", style="dim")
    if not line.hits:
        return [number, *[Text("")] * 4, Text(printable(line.source), style="dim")]
    share = line.time_ns / (profile.total_ns or 1)
    style = "bold red" if share >= HOT else "yellow" if share >= WARM else ""
    hits = words.count(line.hits)
    time = words.duration(line.time_ns * 1e-9)
    per_hit = words.duration(line.time_ns / line.hits * 1e-9)
    return [
        number,
        Text(hits),
        Text(time),
        Text(per_hit),
        Text(percent(share), style=style),
        Text(printable(line.source), style=style),
    ]


def print_diff(diff: ProfileDiff, out: Console) -> None:
    """The blocks with time and share in A and in B, the totals, then the lines of each block side by side."""
    for letter, profile in (("A", diff.a), ("B", diff.b)):
        out.print(Text(f"{letter}  {headline(profile)}", style="bold"), soft_wrap=True)
        for note in cautions(profile)[:-1]:
            out.print(Text("     " + note, style="dim"), soft_wrap=True)
    out.print(Text(cautions(diff.a)[-1], style="dim"), soft_wrap=True)
    out.print()
    table = Table(box=None, pad_edge=False, header_style="dim", show_footer=True, footer_style="bold")
    for heading, footer in zip(BLOCK_HEADINGS, total_cells(diff), strict=True):
        justify: Literal["left", "right"] = "left" if heading in ("block", "matched") else "right"
        table.add_column(heading, Text(footer), justify=justify, no_wrap=True, overflow="ellipsis")
    for block, cells in zip(diff.blocks, block_cells(diff), strict=True):
        table.add_row(*[Text(cell, style="yellow" if block.matched in UNMATCHED else "") for cell in cells])
    out.print(table)
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


BLOCK_HEADINGS = ("block", "A a call", "A share", "B a call", "B share", "change", "points", "matched")


def block_cells(diff: ProfileDiff) -> list[list[str]]:
    """The blocks as text under ``BLOCK_HEADINGS``."""
    return [
        [
            printable(row["block"]),
            words.duration(row["a_s"]) if block.a else words.UNKNOWN,
            percent(row["a_share"]) if block.a else words.UNKNOWN,
            words.duration(row["b_s"]) if block.b else words.UNKNOWN,
            percent(row["b_share"]) if block.b else words.UNKNOWN,
            words.signed_duration(row["change_s"]),
            points(row["change_share"]),
            matched(block),
        ]
        for block, row in zip(diff.blocks, diff.rows, strict=True)
    ]


def total_cells(diff: ProfileDiff) -> list[str]:
    """The last row: all lines of A and of B together."""
    a, b = diff.a.total_ns / diff.a.calls * 1e-9, diff.b.total_ns / diff.b.calls * 1e-9
    return [
        "all lines",
        words.duration(a),
        percent(1),
        words.duration(b),
        percent(1),
        words.signed_duration(b - a),
        "",
        "",
    ]


def matched(block: Block) -> str:
    """How the two sides of a block were found to belong together, or that they were not."""
    return UNMATCHED.get(block.matched, {"marked": "same mark", "unchanged": "same line"}.get(block.matched, ""))


def _side(profile: Profile, ran: Ran | None) -> list[Text]:
    if ran is None:
        return [Text(""), Text(""), Text("")]
    _, line = ran
    share = line.own_ns / (profile.total_ns or 1)
    style = "bold red" if share >= HOT else "yellow" if share >= WARM else ""
    time = words.duration(line.own_ns / profile.calls * 1e-9)
    return [Text(time), Text(percent(share), style=style), Text(printable(line.source.strip()), style=style)]


def place(function: Function) -> str:
    """Where a function is defined, for a caption."""
    return printable(f"{function.file}:{function.first_line}") if function.file else ""


def printable(text: str) -> str:
    """Text with its control characters spelled out: a source must not command the terminal."""
    return "".join(c if c.isprintable() or c == "\t" else ascii(c)[1:-1] for c in text)
