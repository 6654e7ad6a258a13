"""Two runs beside each other, before and after a change: how each ratio to the baseline moved, and what that can't tell."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from labkit.reports import markdown, words
from labkit.reports.doctor import words as doctor
from labkit.reports.document import grids
from labkit.reports.document.cover import Cover
from labkit.reports.document.decision import Said
from labkit.reports.document.facts import printable
from labkit.reports.document.html import Figures, render
from labkit.reports.document.markdown import code, fenced, fitted, folded, grid, sentence
from labkit.reports.document.reproduce import loading
from labkit.reports.document.sentences import origin
from labkit.reports.figure import MARKS, in_plain_numbers, times
from labkit.reports.movements import TONES, movement_grid
from labkit.store import Run
from labkit.store.compare import Movement, RunComparison, compare_runs

TITLE = "Before and after: what moved between two runs"
NAMED = 6  # movements that the sentence on top names; the table has all
DRAWN = 12  # tables with a picture
ORDER = ("lost", "slower", "faster", "unknown", "no", "only_before", "only_after")
ANOTHER_MACHINE = {"host", "cpu", "cpu_limit", "cgroup_cpus"}
CANT_TELL = (
    "Whether the variant or its baseline moved: a ratio has two sides.",
    "What the machine did meanwhile: the runs are two moments. Their seconds are not compared, here or anywhere.",
    "A small change: where the two intervals overlap, no change is seen, which is not to say that there is none.",
)


@dataclass(frozen=True)
class Comparison:
    """Two runs and what moved between them."""

    found: RunComparison

    @property
    def runs(self) -> list[dict[str, Any]]:
        return [self.found.before.document, self.found.after.document]


def compare(before: Run, after: Run) -> Comparison:
    """The comparison of two runs, each with its texts made printable."""
    before, after = (Run(printable(run.document), run.folder) for run in (before, after))
    found = compare_runs(before, after)
    found.movements.sort(key=lambda m: ORDER.index(m.moved))
    return Comparison(found)


def comparison_page(made: Comparison, cover: Cover) -> str:
    """The comparison as one HTML file."""
    draw = Figures()
    places = dict.fromkeys(
        (m.stage, m.workload) for m in made.found.movements if m.moved in TONES and m.before and m.after
    )
    figures = []
    for stage, workload in list(places)[:DRAWN]:
        label = f"{stage} on {workload}, before and after"
        own = [m for m in made.found.movements if (m.stage, m.workload) == (stage, workload)]
        figures.append((f"{stage} on {workload}", draw(lambda own=own: dumbbells(own), label)))  # type: ignore[misc]
    return render(
        "comparison.html.j2",
        TITLE,
        [f"{side}: {origin(run)}" for side, run in zip(("Before", "After"), made.runs, strict=True)],
        cover,
        advice=summary(made),
        figures=figures,
        table=movement_grid(made.found.movements),
        doubts=doubts(made),
        machine=grids.machine_grid(made.runs),
        again="\n".join(again(made)),
    )


def comparison_text(made: Comparison, cover: Cover) -> str:
    """The comparison as Markdown."""
    moved = [m for m in made.found.movements if m.moved in ORDER[:4]]
    still = [m for m in made.found.movements if m.moved not in ORDER[:4]]
    title = f"## {markdown.safe(cover.heading(TITLE))}\n\n"
    head = [sentence(summary(made)), ""]
    head += [f"{side}: {code(origin(run))}\n" for side, run in zip(("Before", "After"), made.runs, strict=True)]
    section = "\n**What two runs can’t tell**\n\n" + "".join(f"- {text}\n" for text in CANT_TELL)
    section += "".join(f"- {code(text)}\n" for text in doubts(made)[len(CANT_TELL) :])
    parts = [("the summary", "\n".join(head)), ("what two runs can’t tell", section)]
    if moved:
        parts.insert(1, ("what moved", "\n" + grid(movement_grid(moved))))
    if still:
        parts.append(
            (
                "what did not move",
                folded(f"No change seen, or in one run only: {len(still)}", grid(movement_grid(still))),
            )
        )
    machine = grid(grids.machine_grid(made.runs)) + "\n" + fenced("\n".join(again(made)))
    parts = [("the title", title), ("the comment", cover.quoted), *parts]
    return fitted([*parts, ("the two runs", folded("The two runs, and how to compare them again", machine))])


def summary(made: Comparison) -> Said:
    """What moved, in a few sentences."""
    movements = made.found.movements
    said: Said = []
    for heading, kinds in (("Slower", ("slower",)), ("Failed in the second run", ("lost",)), ("Faster", ("faster",))):
        own = [m for m in movements if m.moved in kinds]
        own.sort(key=lambda m: abs((m.change or 1) - 1), reverse=True)
        if not own:
            continue
        said.append(("text", f"{heading}: "))
        for place, m in enumerate(own[:NAMED]):
            change = f" ({words.percent(m.change)})" if m.change is not None else ""
            said += [("text", ", " if place else ""), ("name", f"{m.stage}/{m.arm}"), ("text", " on ")]
            said += [("name", m.workload), ("text", change)]
        said.append(("text", f" and {len(own) - NAMED} more. " if len(own) > NAMED else ". "))
    still = sum(m.moved == "no" for m in movements)
    rest = sum(m.moved in ("unknown", "only_before", "only_after") for m in movements)
    if not said:
        said.append(
            ("text", "Nothing is seen to have moved. " if movements else "The two runs have no ratio to compare. ")
        )
    if still:
        said.append(("text", f"No change is seen in {still} of {len(movements)} ratios to the baseline. "))
    if rest:
        said.append(("text", f"{rest} can’t be told: they are in one run only, or lack an interval."))
    if ANOTHER_MACHINE & set(made.found.doubts):
        said.append(("text", " The two runs were taken on different machines: a ratio may have moved for that alone."))
    return said


def doubts(made: Comparison) -> list[str]:
    """What stays open; in which facts the two runs differ; and what the doctor said of either."""
    differ = [doubt.replace("_", " ") for doubt in made.found.doubts]
    section = [
        f"{side}, {line}"
        for side, run in zip(("Before", "After"), made.runs, strict=True)
        for line in doctor.lines(run)
    ]
    return [*CANT_TELL, *([f"They differ in: {', '.join(differ)}."] if differ else []), *section]


def again(made: Comparison) -> list[str]:
    """The command that compares again, and the one that measures old code beside new code in one run."""
    lines = [shlex.join(["labkit", "compare", made.found.before.id, made.found.after.id])]
    commit = made.found.before.machine.get("commit")
    after = made.found.after.document
    sources = after.get("sources", {})
    elsewhere = {*sources.get("session", ()), *sources.get("compared", ())}  # which no revision holds as stages
    stages = [stage for stage in dict.fromkeys(table["stage"] for table in after["tables"]) if stage not in elsewhere]
    if commit and stages:
        lines.append("# to tell what a change of the code does, measure both in one run:")
        lines += [
            shlex.join(["labkit", "bench", stage, "--against", str(commit)[:10], *loading(after)]) for stage in stages
        ]
    return lines


def dumbbells(movements: Sequence[Movement]) -> Figure:
    """Each arm's ratio before (hollow, above) and after (filled, below), with their intervals, on a logarithmic axis."""
    drawn = sorted((m for m in movements if m.before and m.after), key=lambda m: m.after["ratio"] if m.after else 0)
    figure = Figure(figsize=(8, 1.1 + 0.36 * len(drawn)), layout="constrained")
    axes = figure.subplots()
    for height, m in enumerate(drawn):
        tone, mark = MARKS[m.moved if m.moved in MARKS else "unresolved"]
        for side, place, filled in ((m.before, height + 0.16, False), (m.after, height - 0.16, True)):
            if side is None:
                continue
            color = tone if filled else MARKS["unresolved"][0]
            ends = [side["ratio_low"] or side["ratio"], side["ratio_high"] or side["ratio"]]
            axes.plot(ends, [place, place], color=color, linewidth=2.5, solid_capstyle="butt")
            axes.plot(
                side["ratio"],
                place,
                mark if filled else "o",
                color=color,
                markersize=6,
                markerfacecolor=color if filled else "none",
            )
    axes.axvline(1, color="#000000", linewidth=0.8)
    axes.set_xscale("log")
    in_plain_numbers(axes.xaxis, times)
    axes.set_yticks(range(len(drawn)), [m.arm for m in drawn], fontsize=9)
    axes.set_xlabel("speed-up over the baseline: ○ before, filled after, each with its interval")
    axes.spines[["top", "right"]].set_visible(False)
    return figure
