"""Line profiles and their differences as grids, and the words that go with them in every form."""

from __future__ import annotations

from labkit.profiling.diff import Block, ProfileDiff, Ran
from labkit.profiling.profile import HOWS, Function, Profile
from labkit.reports import words
from labkit.reports.grid import Cell, Grid, name

UNMATCHED = {"only in A": "nothing in B matches", "only in B": "nothing in A matches"}
BLOCK_HEADINGS = ("block", "A a call", "A share", "B a call", "B share", "change", "points", "matched")


def headline(profile: Profile) -> str:
    """``main_colors/naive on logo: 43.2 ms a call, over 40 calls``"""
    a_call = words.duration(profile.total_ns / profile.calls * 1e-9)
    calls = f"{profile.calls} call{'s' if profile.calls > 1 else ''}"
    return f"{profile.stage}/{profile.variant} on {profile.workload}: {a_call} a call, over {calls}"


def cautions(profile: Profile) -> list[str]:
    """How the profile was taken, its inflation, and whatever else its reader must know."""
    how = HOWS[profile.how]
    inflation = f"inflation {words.factor(profile.inflation)} (recorded / plain calls of the same run)"
    return [how, inflation, *profile.notes, "shares, not speed-ups: those come from a comparison alone"]


def percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def points(change: float) -> str:
    """A change of a share, in percentage points."""
    return f"{change * 100:+.1f}"


def line_grid(profile: Profile, function: Function) -> Grid:
    """One row a source line; those that never ran have no figures. Own time is without the functions that are shown as well."""
    rows = []
    for line in function.lines:
        number = str(line.number) if line.number else ""
        if not line.hits:
            rows.append([Cell(text, tone="idle") for text in (number, "", "", "", "", "", printable(line.source))])
            continue
        share = line.time_ns / (profile.total_ns or 1)
        times = [words.duration(ns * 1e-9) for ns in (line.time_ns, line.own_ns, line.time_ns / line.hits)]
        figures = map(Cell, (number, words.count(line.hits), *times))
        rows.append([*figures, Cell(percent(share), heat=share), Cell(printable(line.source), heat=share)])
    headings = ("line", "hits", "time", "own", "per hit", "share", "source")
    return Grid(headings, frozenset({6}), rows, code=frozenset({6}))


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


def side_grid(diff: ProfileDiff) -> Grid:
    """The lines of each block, those of A left of those of B, below its name and how its sides were found to match."""
    blank = Cell(" ")
    rows = []
    for block in diff.blocks:
        title, how = name(printable(block.name), "total"), Cell(matched(block), tone="idle")
        rows += [[blank] * 6, [blank, blank, title, blank, blank, how]]
        rows += [[*_side(diff.a, left), *_side(diff.b, right)] for left, right in block.pairs]
    headings = [("time", "share", f"{side}: {one.variant}") for side, one in (("A", diff.a), ("B", diff.b))]
    code = frozenset({2, 5})
    return Grid((*headings[0], *headings[1]), code, rows, title="the lines side by side", code=code)


def _side(profile: Profile, ran: Ran | None) -> list[Cell]:
    if ran is None:
        return [Cell("")] * 3
    _, line = ran
    share = line.own_ns / (profile.total_ns or 1)
    time = words.duration(line.own_ns / profile.calls * 1e-9)
    return [Cell(time), Cell(percent(share), heat=share), Cell(printable(line.source.strip()), heat=share)]


def _time_and_share(seconds: float | None, share: float, tone: str) -> list[Cell]:
    if seconds is None:
        return [Cell(words.UNKNOWN, tone=tone)] * 2
    return [Cell(words.duration(seconds), tone=tone), Cell(percent(share), tone=tone, heat=share)]


def matched(block: Block) -> str:
    """How the two sides of a block were found to belong together, or that they were not."""
    return UNMATCHED.get(block.matched, {"marked": "same mark", "unchanged": "same line"}.get(block.matched, ""))


def place(function: Function) -> str:
    """Where a function is defined, for a caption."""
    return printable(f"{function.file}:{function.first_line}") if function.file else ""


def printable(text: str) -> str:
    """Text with its control characters spelled out: a source must not command the terminal."""
    return "".join(c if c.isprintable() or c == "\t" else ascii(c)[1:-1] for c in text)
