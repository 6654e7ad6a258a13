"""The decision of a stage as bars: how many times as fast as the baseline, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from labkit.core.errors import UsageError
from labkit.measure.result import arm_of
from labkit.reports import words
from labkit.reports.document.decision import Row
from labkit.reports.document.facts import TablePart
from labkit.reports.figure import MARKS, times

MOST = 12  # workloads; the table has all


def decision_bars(parts: Sequence[TablePart]) -> Figure:
    """Of one workload the best arm, its runner-up, the best without a compiler and the baseline; of several the best of each.

    Raises UsageError where nothing was decided.
    """
    decided = [part for part in parts if part.decision.best is not None][:MOST]
    if not decided:
        raise UsageError("nothing was timed, so there is nothing to draw")
    bars = [bar for part in decided for bar in (_arms(part) if len(decided) == 1 else _best(part))]
    figure = Figure(figsize=(8, 0.75 + 0.3 * len(bars)), layout="constrained")
    axes = figure.subplots()
    for height, (_, row, before) in enumerate(bars):
        kind = "baseline" if row["ratio"] == 1 and row["ratio_low"] == row["ratio_high"] else row["verdict"]
        color = MARKS["unresolved" if kind == "baseline" else kind or "unresolved"][0]
        axes.barh(height, row["ratio"], height=0.62, color=color, alpha=0.75)
        low, high = row["ratio_low"] or row["ratio"], row["ratio_high"] or row["ratio"]
        axes.plot([low, high], [height, height], color="#000000", linewidth=1.4, marker="|", markersize=7)
        time = words.wall_and_device(row) if before is None else words.before_after(before, row["median_s"])
        axes.annotate(
            f"{words.times(row)}, {time}", (high, height), (7, 0), textcoords="offset points", va="center", fontsize=9
        )
    axes.set_xlim(0, 1.75 * max(row["ratio_high"] or row["ratio"] for _, row, _ in bars))
    axes.set_yticks(range(len(bars)), [label for label, _, _ in bars], fontsize=9)
    axes.invert_yaxis()
    baselines = dict.fromkeys(part.decision.baseline for part in decided)
    over = next(iter(baselines)) if len(baselines) == 1 else "the baseline"
    axes.set_xlabel(f"times as fast as {over}, with its interval", fontsize=9)
    axes.xaxis.set_major_formatter(lambda value, place: times(value))
    axes.tick_params(axis="x", labelsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


Bar = tuple[str, Row, float | None]


def _best(part: TablePart) -> list[Bar]:
    found = part.decision
    assert found.best is not None
    before = None if found.keeps or found.base is None else found.base["median_s"]
    return [(f"{part.table['workload']}: {found.arm}", found.best, before)]


def _arms(part: TablePart) -> list[Bar]:
    found = part.decision
    named = {arm_of(row): row for row in part.timed}
    plain = arm_of(found.plain) if found.plain else None
    wanted = {found.arm, found.runner_up, plain, found.baseline}
    return [(arm, row, None) for arm, row in named.items() if arm in wanted and row["ratio"] is not None]
