"""A report as GitHub's Markdown, short enough for a comment on a pull request. What is from outside stands in code spans:
there nothing is markup, no link, no mention and no reference."""

from __future__ import annotations

import re
from collections.abc import Sequence

from labkit.reports import markdown, words
from labkit.reports.document import grids, sentences, sources
from labkit.reports.document.cover import Cover
from labkit.reports.document.decision import Said
from labkit.reports.document.facts import Facts, StagePart
from labkit.reports.document.reproduce import commands
from labkit.reports.grid import Cell, Grid
from labkit.reports.sweep.grid import grid as sweep_grid

MOST = 60_000  # characters; GitHub takes 65,536
LEFT_OUT = "\n*Left out for want of room: {}. The HTML report has it all.*\n"


def code(text: str, in_table: bool = False) -> str:
    """Text as a code span, whatever it holds: a fence longer than any in it, and no cell's border."""
    text = words.one_line(text)
    if not text:
        return words.UNKNOWN
    if in_table:
        text = text.replace("|", "\\|")
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or text.endswith("\\") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def stages_text(facts: Facts, cover: Cover) -> str:
    """The report of one or more runs: the decisions, then as much of the rest, in its order, as there is room for."""
    stages = [(sentences.stage_title(stage, facts), stage) for stage in facts.stages]
    parts = [("the decisions", _decisions(facts, stages))]
    for heading, stage in stages:
        parts += [(f"the tables of {code(heading)}", table) for table in _tables(heading, stage)]
    parts += [(f"the steps and sweeps of {code(heading)}", _more(heading, stage)) for heading, stage in stages]
    if facts.failures:
        parts.insert(1, ("what got no time", folded("What got no time", grid(grids.failure_grid(facts.failures)))))
    if facts.claims:
        parts.insert(1, ("the claims", folded("Claims checked", grid(grids.claim_grid(facts.claims)))))
    parts.insert(1, ("how to reproduce it", again(facts)))
    if any("doctor" in run for run in facts.runs):
        parts.insert(1, ("what the doctor found", _doctor(facts)))
    return fitted([("the title", _head(facts, cover)), ("the comment", cover.quoted), *parts])


def fitted(parts: Sequence[tuple[str, str]]) -> str:
    """The parts in their order, without those for which there is no room; they are named at the end."""
    text, left_out = "", []
    for what, part in parts:
        room = MOST - len(LEFT_OUT) - sum(len(name) + 2 for name, _ in parts)
        if part and len(text) + len(part) <= room:
            text += part
        elif part:
            left_out.append(what)
    return text + LEFT_OUT.format(", ".join(dict.fromkeys(left_out))) if left_out else text


def grid(table: Grid) -> str:
    """A table."""
    return markdown.table(table, cell)


def cell(entry: Cell) -> str:
    if entry.outside:
        text = code(entry.text, in_table=True)
        return f"**{text}**" if entry.tone == "best" else text
    return entry.text.replace("|", "\\|")


def sentence(said: Said) -> str:
    return "".join(code(text) if kind == "name" else text for kind, text in said)


def folded(summary: str, body: str) -> str:
    """A part that opens on a click. ``summary`` is our own text: in it Markdown does not hold."""
    return f"\n<details><summary>{summary}</summary>\n\n{body}\n</details>\n"


def again(facts: Facts) -> str:
    """The machine and the commands."""
    body = grid(grids.machine_grid(facts.runs))
    for run in facts.runs:
        body += "\n" + fenced("\n".join(commands(run, facts.sweeps)))
        body += f"\n{note}\n" if (note := sources.changed(run)) else ""
    return folded("The machine, and how to reproduce it", f"{body}\n{sources.inputs(facts.runs)}\n")


def _doctor(facts: Facts) -> str:
    """What the doctor said of the runs."""
    found = grids.doctor_grid(facts.runs)
    section = "".join(f"- {code(sentences.examined(run, facts))}\n" for run in facts.runs)
    return folded("The doctor", section + (f"\n{grid(found)}" if found.rows else ""))


def fenced(text: str) -> str:
    """Text as a block of code that nothing in it can end."""
    fence = "`" * max(3, max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{fence}sh\n{text}\n{fence}\n"


def _head(facts: Facts, cover: Cover) -> str:
    names = dict.fromkeys(stage.name for stage in facts.stages)
    own = "Which variant to use: " + ", ".join(map(code, names)) if names else sentences.title(facts)
    return f"## {markdown.safe(cover.heading('')) or own}\n\n"


def _decisions(facts: Facts, stages: Sequence[tuple[str, StagePart]]) -> str:
    lines = [f"> {code(text)}\n" for run in facts.runs if (text := sentences.caution(run, facts))]
    for heading, stage in stages:
        lines += [f"### {code(heading)}", "", sentence(stage.advice), ""]
        lines += [f"Run {code(stage.run)}.", ""] if len(facts.runs) > 1 and heading == stage.name else []
        lines.append(grid(grids.decision_grid([part.decision for part in stage.tables])))
        lines += [f"- {code(arm)} {code(section)}" for arm, section in sentences.costs(stage)]
        lines.append("")
    lines += [f"- {code(problem)}" for problem in facts.problems]
    lines += [f"\n{code(sentences.origin(run))}" for run in facts.runs]
    return "\n".join(lines) + "\n"


def _tables(heading: str, stage: StagePart) -> list[str]:
    made = []
    for part in stage.tables:
        body = f"{code(part.grid.title)}\n\n"
        body += grid(grids.run_grid(part)) if part.timed else ""
        body += "\n" + "\n".join(f"- {code(note)}" for note in part.grid.notes) + "\n"
        made.append(folded(f"Table: {escaped(heading)} on {escaped(part.table['workload'])}", body))
    return made


def _more(heading: str, stage: StagePart) -> str:
    text = ""
    if stage.lines:
        notes = "\n".join(f"- {code(note)}" for note in sentences.line_notes(stage.lines))
        a, b = stage.lines.diff.a.variant, stage.lines.diff.b.variant
        text += folded(
            f"Which lines: {escaped(heading)}, {escaped(a)} → {escaped(b)}",
            f"{grid(grids.lines_grid(stage.lines.diff, code=False))}\n{notes}\n",
        )
    for sweep in stage.sweeps:
        part = sweep_grid(sweep)
        notes = "\n".join(f"- {code(note)}" for note in part.notes)
        body = f"{code(part.title)}\n\n{grid(part)}\n{notes}\n"
        text += folded(f"Scaling of {escaped(heading)} over {escaped(sweep['axis'])}", body)
    return text


def escaped(text: str) -> str:
    """A name inside a tag's text, where there are no code spans of Markdown but there is ``<code>``.

    Whatever is no letter, digit, space, _ or - becomes a character reference: no markup, mention or link is left.
    """
    safe = "".join(c if c.isalnum() or c in " _-" else f"&#{ord(c)};" for c in words.one_line(text))
    return f"<code>{safe}</code>"
