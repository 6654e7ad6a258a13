"""What the report's page and its Markdown say in the same words."""

from __future__ import annotations

from typing import Any

from labkit.reports import words
from labkit.reports.doctor import words as doctor
from labkit.reports.document.facts import Facts, Lines, StagePart
from labkit.reports.document.needs import needs
from labkit.reports.lines.grids import cautions, headline


def title(facts: Facts) -> str:
    """What the report is about."""
    names = list(dict.fromkeys(stage.name for stage in facts.stages))
    if not names:
        return "Nothing was measured"
    return f"Which variant to use: {', '.join(names[:3])}{f' and {len(names) - 3} more' if len(names) > 3 else ''}"


def origin(run: dict[str, Any]) -> str:
    """When and where a run was taken, in one line."""
    return f"Measured {words.moment(run['started'])} UTC on {words.machine(run['machine'])}. Run {run['run']}."


def stage_title(stage: StagePart, facts: Facts) -> str:
    """A stage's name, with its run where several runs have it."""
    return f"{stage.name} · {stage.run}" if sum(other.name == stage.name for other in facts.stages) > 1 else stage.name


def costs(stage: StagePart) -> list[tuple[str, str]]:
    """Each arm that is best somewhere: what it needs, and what it does."""
    best = {part.decision.arm: part.decision.best for part in stage.tables if part.decision.best is not None}
    return [(arm, f"Needs {needs(row)}. {stage.variants.get(row['variant'], '')}".strip()) for arm, row in best.items()]


def line_notes(lines: Lines) -> list[str]:
    """Where a line diff is from, and how it was taken."""
    sides = (("A", lines.diff.a), ("B", lines.diff.b))
    headlines = [f"{letter}: {'; '.join([headline(profile), *cautions(profile)[:-1]])}" for letter, profile in sides]
    return [words.one_line(text) for text in (*headlines, cautions(lines.diff.a)[-1], f"line diff {lines.id}")]


def examined(run: dict[str, Any], facts: Facts) -> str:
    """What the doctor found while a run was measured, in one line; of an older run that there was none."""
    named = f"Run {run['run']}: " if len(facts.runs) > 1 else ""
    if "doctor" not in run:
        return f"{named}no doctor looked at it."
    fine = doctor.looked_at(run["doctor"])
    return f"{named}{doctor.summary(run['doctor'])}" + (f". Nothing wrong with: {fine}." if fine else ".")
