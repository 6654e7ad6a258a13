"""Pictures: each arm's speed-up over the baseline with its interval, and the shares of the blocks of line profiles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from matplotlib.axis import Axis
from matplotlib.figure import Figure

from labkit.core.errors import UsageError, listed
from labkit.measure.result import arm_of
from labkit.profiling.profile import Profile
from labkit.reports import words
from labkit.reports.against import pairs

# Okabe and Ito's palette, told apart by colour-blind readers; marks differ in shape as well
MARKS = {
    "faster": ("#009E73", ">"),
    "slower": ("#D55E00", "<"),
    "same": ("#0072B2", "s"),
    "unresolved": ("#999999", "o"),
    "baseline": ("#000000", "|"),
}

# Okabe and Ito again, for as many blocks as one picture bears
BLOCKS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")


def speedups(run: dict[str, Any], stage: str, workload: str) -> Figure:
    """Draw the speed-ups of one stage on one workload, fastest on top, on a logarithmic axis.

    Raises UsageError when the run has no such table, or nothing in it was timed.
    """
    tables = [t for t in run["tables"] if (t["stage"], t["workload"]) == (stage, workload)]
    rows = [r for r in run["rows"] if (r["stage"], r["workload"]) == (stage, workload) and r["ratio"] is not None]
    if not tables or not rows:
        known = listed(f"{t['stage']} on {t['workload']}" for t in run["tables"])
        raise UsageError(f"run {run['run']} has no timings of {stage} on {workload}; it has: {known}")
    rows.sort(key=lambda row: row["ratio"])
    figure = Figure(figsize=(8, 0.9 + 0.28 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for height, row in enumerate(rows):
        kind = "baseline" if arm_of(row) == tables[0]["baseline"] else row["verdict"] or "baseline"
        color, mark = MARKS[kind]
        low, high = row["ratio_low"] or row["ratio"], row["ratio_high"] or row["ratio"]
        axes.plot([low, high], [height, height], color=color, linewidth=2.5, solid_capstyle="butt")
        axes.plot(row["ratio"], height, mark, color=color, markersize=6)
        axes.annotate(words.times(row), (high, height), (6, 0), textcoords="offset points", va="center", fontsize=8)
    axes.axvline(1, color="#000000", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xlim(right=max(row["ratio_high"] or row["ratio"] for row in rows) * 3)
    in_plain_numbers(axes.xaxis, times)
    axes.set_yticks(range(len(rows)), [f"{arm_of(row)}  {words.wall_and_device(row)}" for row in rows], fontsize=9)
    over = "its own earlier self" if len(pairs(tables[0])) > 1 else tables[0]["baseline"]
    axes.set_xlabel(f"speed-up over {over}, with its interval")
    axes.set_title(f"{stage} on {workload}", loc="left", fontsize=11, parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def times(value: float) -> str:
    """A tick of an axis of ratios, in plain numbers: ``200×``."""
    return f"{value:.12g}×"


def in_plain_numbers(axis: Axis, word: Callable[[float], str]) -> None:
    """Have a logarithmic axis's ticks worded so: the powers of ten, on a short axis those at 2, 3 and 5, on a shorter one all."""

    def between(value: float, place: float) -> str:
        low, high = axis.get_view_interval()
        return word(value) if high / low < 3 or (high / low < 20 and f"{value:e}"[0] in "235") else ""

    axis.set_major_formatter(lambda value, place: word(value))
    axis.set_minor_formatter(between)


def block_shares(profiles: Sequence[Profile]) -> Figure:
    """One bar a profile, as long as its total: how the time falls on its blocks. Lines without a block are «other»."""
    figure = Figure(figsize=(8, 1.1 + 0.5 * len(profiles)), layout="constrained")
    axes = figure.subplots()
    names = list(dict.fromkeys(line.block or "other" for p in profiles for _, line in p.executed))
    sums = [dict.fromkeys(names, 0) for _ in profiles]
    for total, profile in zip(sums, profiles, strict=True):
        for _, line in profile.executed:
            total[line.block or "other"] += line.own_ns
    starts = [0.0] * len(profiles)
    for number, name in enumerate(names):
        widths = [total[name] / p.total_ns * 100 for total, p in zip(sums, profiles, strict=True)]
        color = BLOCKS[number % len(BLOCKS)]
        bars = axes.barh(range(len(profiles)), widths, left=starts, color=color, edgecolor="white", label=name)
        texts = [f"{width:.0f} %" if width >= 5 else "" for width in widths]
        axes.bar_label(bars, texts, label_type="center", fontsize=8)
        starts = [start + width for start, width in zip(starts, widths, strict=True)]
    axes.set_yticks(range(len(profiles)), [p.variant for p in profiles])
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of the recorded time, in per cent")
    figure.legend(loc="outside upper center", ncols=4, fontsize=8, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure
