"""A report as one HTML file: it loads nothing, runs no script but its own, and escapes what came from outside."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from labkit.core.errors import UsageError
from labkit.core.version import __version__
from labkit.reports import words
from labkit.reports.document import grids, sentences, sources
from labkit.reports.document.bars import decision_bars
from labkit.reports.document.cover import Cover
from labkit.reports.document.facts import Facts, Lines, StagePart, TablePart
from labkit.reports.document.reproduce import commands
from labkit.reports.document.svg import inline
from labkit.reports.figure import block_shares, speedups
from labkit.reports.grid import Grid
from labkit.reports.html import table
from labkit.reports.lines.html import diff_html
from labkit.reports.sweep.figure import drawable
from labkit.reports.sweep.figure import figure as sweep_figure
from labkit.reports.sweep.grid import grid as sweep_grid

READING = (
    "Speed-up: the baseline’s time over the variant’s, taken within each round of one run, as the median over launches with "
    "its interval. At most one table in twenty holds a wrong interval.",
    "Decided: the whole interval of the best variant’s lead over the runner-up lies beyond ±1 %.",
    "Time / limit: how many times as long as a plain copy of the bytes that the stage must read and write.",
    "Peak memory: what the variant’s process tree holds beyond its inputs and what was imported before.",
    "Every variant was compared with the stage’s reference before it was timed; one that differs got no time.",
)
PRINTED = (
    "@page {{ size: {size}; margin: 15mm 14mm 17mm; "
    "@bottom-right {{ content: counter(page) ' / ' counter(pages); font: 8pt sans-serif; color: #555; }} }}"
)
PAPERS = {"A4": "A4", "Letter": "letter"}


def stages_page(facts: Facts, cover: Cover, *, code: bool = False) -> str:
    """The report of one or more runs. With a paper (a key of ``PAPERS``) it is one to be printed: everything unfolded."""
    draw = Figures()
    stages = [_stage(stage, facts, code, draw) for stage in facts.stages]
    return render(
        "stages.html.j2",
        sentences.title(facts),
        [sentences.origin(run) for run in facts.runs],
        cover,
        cautions=list(filter(None, (sentences.caution(run, facts) for run in facts.runs))),
        stages=stages,
        problems=facts.problems,
        reading=READING,
        failures=grids.failure_grid(facts.failures) if facts.failures else None,
        claims=grids.claim_grid(facts.claims) if facts.claims else None,
        doctor=_doctor(facts),
        machine=grids.machine_grid(facts.runs),
        again=[_again(run, facts) for run in facts.runs],
        data=sources.inputs(facts.runs),
    )


def _stage(stage: StagePart, facts: Facts, code: bool, draw: Figures) -> dict[str, Any]:
    decisions = [part.decision for part in stage.tables]
    return {
        "title": sentences.stage_title(stage, facts),
        "summary": f"{stage.summary} {f'Run {stage.run}.' if len(facts.runs) > 1 else ''}".strip(),
        "advice": stage.advice,
        "figure": draw(lambda: decision_bars(stage.tables), f"how fast the best of {stage.name} is"),
        "decision": grids.decision_grid(decisions),
        "costs": sentences.costs(stage),
        "tables": [_table(part, draw) for part in stage.tables],
        "lines": _lines(stage.lines, code, draw) if stage.lines else None,
        "pictures": stage.pictures,
        "sweeps": [_sweep(sweep, draw) for sweep in stage.sweeps],
        "variants": stage.variants,
    }


def _table(part: TablePart, draw: Figures) -> dict[str, Any]:
    place = part.table["stage"], part.table["workload"]
    return {
        "title": part.grid.title,
        "result": words.best(part.table),
        "grid": grids.run_grid(part),
        "notes": [note for note in part.grid.notes if note != words.best(part.table)],
        "figure": draw(lambda: speedups(part.document, *place), f"speed-ups of {place[0]} on {place[1]}"),
    }


def _lines(lines: Lines, code: bool, draw: Figures) -> dict[str, Any]:
    a, b = lines.diff.a, lines.diff.b
    return {
        "a": words.one_line(a.variant),
        "b": words.one_line(b.variant),
        "grid": grids.lines_grid(lines.diff, code),
        "figure": draw(lambda: _shares(lines), f"how the time of {a.variant} and {b.variant} falls on their steps")
        if len({line.block for profile in (a, b) for _, line in profile.executed}) > 1
        else None,
        "notes": sentences.line_notes(lines),
        "code": Markup(diff_html(lines.diff)) if code else None,  # it escapes what came from outside
    }


def _shares(lines: Lines) -> Figure:
    figure = block_shares([lines.diff.a, lines.diff.b])
    for text in figure.axes[0].texts:
        text.set_color("#111111")  # it stands on the bars, whose colours are the same on a dark page
    return figure


def _sweep(sweep: dict[str, Any], draw: Figures) -> dict[str, Any]:
    grid = sweep_grid(sweep)
    return {
        "axis": sweep["axis"],
        "title": grid.title,
        "grid": grid,
        "notes": grid.notes,
        "figure": draw(lambda: sweep_figure(sweep), grid.title) if drawable(sweep) else None,
    }


def _doctor(facts: Facts) -> dict[str, Any] | None:
    """What the doctor said of the runs; None where all are from before its time."""
    if not any("doctor" in run for run in facts.runs):
        return None
    return {"grid": grids.doctor_grid(facts.runs), "told": [sentences.examined(run, facts) for run in facts.runs]}


def _again(run: dict[str, Any], facts: Facts) -> dict[str, Any]:
    return {"id": run["run"], "commands": "\n".join(commands(run, facts.sweeps)), "note": sources.changed(run)}


class Figures:
    """Draws figures, each with ids of its own; what can't be drawn is left out."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, draw: Callable[[], Figure], label: str) -> Markup | None:
        self.count += 1
        try:
            return inline(draw(), words.one_line(label), f"f{self.count}")
        except UsageError:
            return None


def scrolled(grid: Grid, label: str, *, sortable: bool = True, head: bool = False) -> Markup:
    """A table that scrolls by itself where the page is too narrow for it."""
    classes = f"{'sortable ' * sortable}{'short' * (len(grid.rows) <= 12)}".strip()
    drawn = Markup(table(grid, classes, label=label, head=head))  # it escapes what came from outside
    return Markup('<div class="scroll" role="region" aria-label="{}" tabindex="0">{}</div>').format(label, drawn)


def render(template: str, heading: str, subtitle: list[str], cover: Cover, *, script: bool = True, **facts: Any) -> str:
    """A page of ours: the template with its facts, its style, its one script, and a policy that lets nothing else run."""
    place = Environment(
        loader=PackageLoader("labkit.reports", "document"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    place.globals["grid"] = scrolled
    home = files("labkit.reports.document")
    style = home.joinpath("report.css").read_text(encoding="utf-8")
    own = home.joinpath("sort.js").read_text(encoding="utf-8") if script and not cover.paper else ""
    if cover.paper:
        style += PRINTED.format(size=PAPERS[cover.paper])
    digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
    rules = [
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    if own:
        rules.append(f"script-src 'sha256-{digest}'")
    return place.get_template(template).render(
        title=cover.heading(heading),
        subtitle=subtitle,
        comment=cover.paragraphs,
        style=Markup(style),  # our own file
        script=Markup(own),
        policy="; ".join(rules),
        paper=cover.paper,
        version=__version__,
        **facts,
    )
