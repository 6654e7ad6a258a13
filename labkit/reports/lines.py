"""Line profiles and their differences in the terminal, and the words that go with them anywhere."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from labkit.profiling.diff import Block, ProfileDiff, Ran
from labkit.profiling.profile import HOWS, Function, Profile
from labkit.reports import words
from labkit.reports.grid import Cell, Grid, name
from labkit.reports.terminal import HOT, WARM, draw, plain

PLAIN_WIDTH = 150  # columns of a text that is no terminal's: a notebook's, a log's
UNMATCHED = {"only in A": "nothing in B matches", "only in B": "nothing in A matches"}


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


def line_grid(profile: Profile, function: Function) -> Grid:
    """One row a source line; those that never ran have no figures."""
    rows = []
    for line in function.lines:
        number = str(line.number) if line.number else ""
        if not line.hits:
            rows.append([Cell(text, tone="idle") for text in (number, "", "", "", "", printable(line.source))])
            continue
        share = line.time_ns / (profile.total_ns or 1)
        times = [words.duration(ns * 1e-9) for ns in (line.time_ns, line.time_ns / line.hits)]
        figures = map(Cell, (number, words.count(line.hits), *times))
        rows.append([*figures, Cell(percent(share), heat=share), Cell(printable(line.source), heat=share)])
    return Grid(("line", "hits", "time", "per hit", "share", "source"), frozenset({5}), rows, code=frozenset({5}))


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


BLOCK_HEADINGS = ("block", "A a call", "A share", "B a call", "B share", "change", "points", "matched")


def block_grid(diff: ProfileDiff) -> Grid:
    """One row a block, and a last one for all lines of A and of B together."""
    rows = []
    for block, row in zip(diff.blocks, diff.rows, strict=True):
        tone = "unmatched" if block.matched in UNMATCHED else ""
        sides = [
            cell
            for side, there in (("a", block.a), ("b", block.b))
            for cell in _time_and_share(row[f"{side}_s"] if there else None, row[f"{side}_share"], tone)
        ]
        change = [words.signed_duration(row["change_s"]), points(row["change_share"]), matched(block)]
        rows.append([name(printable(row["block"]), tone), *sides, *(Cell(text, tone=tone) for text in change)])
    a, b = diff.a.total_ns / diff.a.calls * 1e-9, diff.b.total_ns / diff.b.calls * 1e-9
    total = ["all lines", words.duration(a), percent(1), words.duration(b), percent(1), words.signed_duration(b - a)]
    rows.append([Cell(text, tone="total") for text in (*total, "", "")])
    text = frozenset({0, 7})
    return Grid(BLOCK_HEADINGS, text, rows, prose=text)


def _time_and_share(seconds: float | None, share: float, tone: str) -> list[Cell]:
    if seconds is None:
        return [Cell(words.UNKNOWN, tone=tone)] * 2
    return [Cell(words.duration(seconds), tone=tone), Cell(percent(share), tone=tone, heat=share)]


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
