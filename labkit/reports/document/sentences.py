"""What the report's page and its Markdown say in the same words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labkit.reports import words
from labkit.reports.doctor import words as doctor
from labkit.reports.document.facts import Facts, Lines, StagePart
from labkit.reports.document.needs import needs
from labkit.reports.lines.grids import cautions, headline

BUSY = ("load", "neighbours", "steal", "pressure", "throttled")  # the doctor's lints that say so


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
    """Each arm that is best somewhere: what it needs, what it takes beside the time of a call, and what it does."""
    best: dict[str, list[dict[str, Any]]] = {}
    for part in stage.tables:
        if part.decision.best is not None:
            best.setdefault(part.decision.arm, []).append(part.decision.best)
    return [
        (arm, f"Needs {needs(rows[0])}; {_takes(rows)}. {stage.variants.get(rows[0]['variant'], '')}".strip())
        for arm, rows in best.items()
    ]


def _takes(rows: Sequence[dict[str, Any]]) -> str:
    """Set-up, first call and memory: the most of several workloads."""
    most = {key: max((row[key] or 0 for row in rows), default=0) for key in ("setup_s", "first_call_s", "peak_bytes")}
    text = f"set-up {words.duration(most['setup_s'])}, first call {words.duration(most['first_call_s'])}"
    return f"{text}, peak memory {words.size(most['peak_bytes'])}"


def caution(run: dict[str, Any], facts: Facts) -> str:
    """That the machine was busy while a run was measured, in words for those who read no further; empty where it was not."""
    found = [f"{entry['title']}: {entry['found']}" for entry in run.get("doctor", []) if _is_busy(entry)]
    if not found:
        return ""
    named = f"run {run['run']}" if len(facts.runs) > 1 else "this"
    return (
        f"Caution: the machine was busy while {named} was measured ({'; '.join(found)}). The ratios and their intervals "
        "allow for it, the milliseconds do not. Measure again when nothing else runs."
    )


def _is_busy(entry: dict[str, Any]) -> bool:
    serious = ("warning", "note") if entry["lint"] == "load" else ("warning",)
    return not entry.get("stage") and entry["lint"] in BUSY and entry["level"] in serious


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
