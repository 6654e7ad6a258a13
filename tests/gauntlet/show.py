"""The published table as Markdown and CSV, and its figure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.gauntlet.promises import Promise
from tests.gauntlet.score import Line, Share
from tests.gauntlet.tables import EFFECTS

HEADINGS = (
    "harness",
    "false alarms",
    "sees 0.4 %",
    "sees 1 %",
    "sees 2 %",
    "interval holds",
    "error of ratio",
    "seconds",
    "failed",
)
SEEN = (502, 505, 510)
BUDGET = "2 s measuring"
FALSE_ALARMS = {
    "beside 2 CPU burners": ("2 CPU burners", "chain"),
    "beside 2 memory burners": ("2 memory burners", "stream"),
    "with its memory elsewhere": ("quiet", "placed"),
}
"""The conditions that the README shows, in its words."""
POWER = FALSE_ALARMS["beside 2 CPU burners"]
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#999999"


def markdown(lines: Sequence[Line]) -> str:
    """One table for each condition, kernel and budget, those with the fewest false alarms first."""
    groups: dict[tuple[str, str, str], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.condition, line.kernel, line.budget), []).append(line)
    parts = []
    for (condition, kernel, budget), members in groups.items():
        parts += [f"### {condition}, kernel `{kernel}`, {budget}", "", _row(HEADINGS), _row(["---"] * len(HEADINGS))]
        for line in sorted(members, key=_order):
            shares = [line.false_alarms, *(line.power.get(rows, Share(0, 0)) for rows in SEEN), line.coverage]
            error = "–" if math.isnan(line.error) else f"{100 * line.error:.2f} %"
            parts.append(_row([line.tool, *map(str, shares), error, f"{line.seconds:.1f}", str(line.failed or "")]))
        parts.append("")
    return "\n".join(parts)


def brief(lines: Sequence[Line]) -> str:
    """The README's table: false alarms in three conditions, and what that caution costs."""
    known = {(line.tool, line.condition, line.kernel): line for line in lines if line.budget == BUDGET}
    heads = ["harness", *(f"false alarms {name}" for name in FALSE_ALARMS), "sees 2 % more work", "seconds a try"]
    rows = [_row(heads), _row(["---"] * len(heads))]
    for tool in _ranked(known):
        alarms = [_alarms(known, tool, place) for place in FALSE_ALARMS.values()]
        judged = known[tool, *POWER]
        sees = judged.power.get(SEEN[-1], Share(0, 0))
        rows.append(_row([tool, *map(str, alarms), str(sees), f"{judged.seconds:.1f}"]))
    return "\n".join([*rows, ""])


Known = Mapping[tuple[str, str, str], Line]


def _ranked(known: Known) -> list[str]:
    """Harnesses with the fewest false alarms first, over the conditions together."""
    tools = [tool for tool, *place in known if tuple(place) == POWER]

    def wrong(tool: str) -> tuple[float, str]:
        shares = [_alarms(known, tool, place) for place in FALSE_ALARMS.values()]
        return sum(share.value for share in shares if share.tries), tool

    return sorted(tools, key=wrong)


def _alarms(known: Known, tool: str, place: tuple[str, str]) -> Share:
    line = known.get((tool, *place))
    return line.false_alarms if line else Share(0, 0)


def promised(promises: Sequence[Promise]) -> str:
    rows = [_row([each.name, each.target, each.seen, each.state]) for each in promises]
    return "\n".join([_row(("labkit's promise", "target", "seen", "")), _row(["---"] * 4), *rows, ""])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _order(line: Line) -> tuple[float, str]:
    return (math.inf if math.isnan(line.false_alarms.value) else line.false_alarms.value, line.tool)


def frame(lines: Sequence[Line]) -> pd.DataFrame:
    """Tidy: one row a harness, condition, kernel, budget and figure, with its tries and Wilson's interval where it has them."""
    rows = []
    for line in lines:
        about = (line.tool, line.condition, line.kernel, line.budget)
        shares = {"false alarms": line.false_alarms, "coverage": line.coverage}
        shares |= {f"power at {EFFECTS[rows]}": share for rows, share in line.power.items()}
        rows += [(*about, name, s.value, *s.interval, s.tries) for name, s in shares.items() if s.tries]
        rows.append((*about, "error of ratio", line.error, None, None, None))
        rows.append((*about, "seconds", line.seconds, None, None, None))
    return pd.DataFrame(
        rows, columns=["harness", "condition", "kernel", "budget", "figure", "value", "low", "high", "tries"]
    )


def draw(lines: Sequence[Line]) -> Figure:
    """The README's figure: how often each harness cries wolf in three conditions, and how often it sees 2 %."""
    known = {(line.tool, line.condition, line.kernel): line for line in lines if line.budget == BUDGET}
    tools = _ranked(known)[::-1]
    figure = Figure(figsize=(11, 1.3 + 0.32 * len(tools)), layout="constrained")
    panes = figure.subplots(1, len(FALSE_ALARMS) + 1, sharey=True)
    for axes, (name, place) in zip(panes, FALSE_ALARMS.items(), strict=False):
        for height, tool in enumerate(tools):
            _dot(axes, height, _alarms(known, tool, place), ORANGE)
        axes.set_title(f"calls identical code different\n{name}", loc="left", fontsize=9)
    for height, tool in enumerate(tools):
        _dot(panes[-1], height, known[tool, *POWER].power.get(SEEN[-1], Share(0, 0)), BLUE)
    panes[-1].set_title("sees that 2 % more work\nis slower", loc="left", fontsize=9)
    panes[0].set_yticks(range(len(tools)), tools, fontsize=9)
    for axes in panes:
        axes.set_xlim(-2, 128)
        axes.set_xticks(range(0, 101, 50), [f"{tick} %" for tick in range(0, 101, 50)])
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    figure.suptitle(f"{BUDGET} a try: share of tries with its 95 % interval", x=0.01, ha="left", fontsize=9)
    return figure


def _dot(axes: Axes, height: int, share: Share, color: str) -> None:
    if share.tries:
        low, high = (100 * end for end in share.interval)
        axes.plot([low, high], [height, height], color=GREY, linewidth=2.5, solid_capstyle="butt")
        axes.plot(100 * share.value, height, "o", color=color, markersize=6)
        told = f"{share.count}/{share.tries}"
        axes.annotate(told, (high, height), (5, 0), textcoords="offset points", va="center", fontsize=8)


def write(folder: Path, lines: Sequence[Line], promises: Sequence[Promise]) -> Path:
    """``table.md`` and ``table.csv`` in a folder; returns the former."""
    frame(lines).to_csv(folder / "table.csv", index=False, float_format="%.4g")
    path = folder / "table.md"
    path.write_text(f"{markdown(lines)}\n### labkit's promises\n\n{promised(promises)}")
    return path


def publish(root: Path, lines: Sequence[Line]) -> None:
    """The table and the figure of the project's README."""
    readme, begin, end = root / "README.md", "<!-- gauntlet: begin -->\n", "<!-- gauntlet: end -->"
    text = readme.read_text()
    before, after = text.partition(begin)[0], text.partition(end)[2]
    readme.write_text(f"{before}{begin}{brief(lines)}{end}{after}")
    with rc_context({"svg.hashsalt": "labkit"}):  # the same figure is the same file
        draw(lines).savefig(root / "docs" / "gauntlet.svg", metadata={"Date": None})
