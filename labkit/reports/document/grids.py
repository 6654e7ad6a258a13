"""The tables that only a report has, and those of runs and sweeps as it shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from labkit.measure.result import arm_of
from labkit.profiling.diff import ProfileDiff
from labkit.reports import words
from labkit.reports.doctor import words as doctor
from labkit.reports.document.decision import Decision, Row, lead, memory
from labkit.reports.document.facts import TablePart
from labkit.reports.document.sources import source
from labkit.reports.grid import Cell, Grid, name, number
from labkit.reports.lines.grids import block_grid


def decision_grid(decisions: Sequence[Decision]) -> Grid:
    """One row a workload: what to use, and what speaks for it."""
    compiled = any(decision.plain for decision in decisions)
    baselines = list(dict.fromkeys(decision.baseline for decision in decisions))
    over = baselines[0] if len(baselines) == 1 else "the baseline"
    headings: list[str | Cell] = [
        "workload",
        "best",
        "before → after",
        name(f"as fast as {over}"),
        "lead over the runner-up",
        "time / limit",
        name(f"peak memory ({over})"),
    ]
    rows = []
    for each in decisions:
        if each.best is None:
            rows.append([name(each.workload), *[Cell(words.UNKNOWN, "")] * (len(headings) - 1 + compiled)])
            continue
        sure = "decided" if each.decided else ("unresolved" if each.runner_up else "")
        row = [
            name(each.workload),
            name(each.arm, "best"),
            number(each.times, each.best["median_s"]),
            number("it is the baseline" if each.keeps else words.times(each.best), each.best["ratio"]),
            name(lead(each), sure),
            number(words.share(each.best["limit_ratio"]), each.best["limit_ratio"]),
            number(memory(each), each.best["peak_bytes"]),
        ]
        if compiled:
            row.append(name(_plain(each)))
        rows.append(row)
    headings += ["best without a compiler"] if compiled else []
    return Grid(tuple(headings), frozenset({0, 1, 4, 7}), rows)


def _plain(decision: Decision) -> str:
    """The fastest arm without a compiler, and its speed-up."""
    if decision.plain is None:
        return words.UNKNOWN
    arm = arm_of(decision.plain)
    return f"{arm}, {'the baseline' if arm == decision.baseline else words.times(decision.plain)}"


def run_grid(part: TablePart) -> Grid:
    """The table of a run, with the best variant marked."""
    best = part.decision.arm
    rows = [[replace(row[0], tone="best" if row[0].text == best else ""), *row[1:]] for row in part.grid.rows]
    return replace(part.grid, rows=rows)


def failure_grid(failures: Sequence[tuple[Row, list[str]]]) -> Grid:
    """Every arm that got no time, on which workloads, and why."""
    rows = []
    for row, workloads in failures:
        status = words.STATUSES.get(row["status"], str(row["status"]))
        tone = "slower" if row["status"] in ("differs", "crashed", "timed_out") else ""
        reason = words.reason(row) or words.UNKNOWN
        rows.append(
            [
                name(row["stage"]),
                name(arm_of(row)),
                name(", ".join(workloads)),
                Cell(status, tone=tone, outside=row["status"] not in words.STATUSES),
                name(reason),
            ]
        )
    return Grid(("stage", "variant", "workload", "what became of it", "why"), frozenset(range(5)), rows)


def claim_grid(claims: Sequence[dict[str, Any]]) -> Grid:
    """Somebody's figures beside what was found."""
    rows = [
        [
            name(found["claim"]),
            name(f"{found['stage']} on {found['workload']}: {found['variant']}"),
            name(found["source"]),
            Cell(found["theirs"]),
            Cell(found["ours"]),
            Cell(
                found["verdict"],
                tone="slower" if found["verdict"].startswith(("does not", "less")) else "",
                outside=True,
            ),
        ]
        for found in claims
    ]
    return Grid(("claim", "measured as", "claimed by", "theirs", "here", "verdict"), frozenset({0, 1, 2, 5}), rows)


def lines_grid(diff: ProfileDiff, code: bool) -> Grid:
    """The blocks of two profiles; a block without a mark is named by its place unless source may be shown."""
    grid = block_grid(diff)
    marks = {line.block for profile in (diff.a, diff.b) for _, line in profile.executed}
    rows = [[replace(cell, text=words.one_line(cell.text)) for cell in row] for row in grid.rows]
    for block, row in zip(diff.blocks, rows, strict=False):  # the last row is the total
        if not code and block.name not in marks:
            sides = ((diff.a, block.a), (diff.b, block.b))
            variant, line = next((p.variant, ran[0][1].number) for p, ran in sides if ran)
            row[0] = name(words.one_line(f"{variant}, line {line}" if line else f"{variant} as a whole"))
    return replace(grid, rows=rows)


def doctor_grid(runs: Sequence[dict[str, Any]]) -> Grid:
    """What the doctor's notes and warnings say of the machine and of the arms; of several runs each under its own name."""
    rows = []
    for run in runs:
        for entry, places in doctor.grouped(run.get("doctor", [])):
            who = f"{doctor.MARKS.get(entry['level'], '')} {doctor.who(entry, places)}".strip()
            found = entry["found"] if not entry.get("stage") else f"{entry['title']}: {entry['found']}"
            ours = [Cell(text, outside=text not in doctor.OWN_WORDS) for text in (entry["why"], entry["way_out"])]
            tone = "slower" if entry["level"] == "warning" else ""
            rows.append([name(who + (f", run {run['run']}" if len(runs) > 1 else "")), name(found, tone), *ours])
    return Grid(("about", "found", "why it matters", "way out"), frozenset(range(4)), rows)


MACHINE = (
    ("CPU", "cpu"),
    ("host", "host"),
    ("system", "system"),
    ("Python", "python"),
    ("governor", "governor"),
    ("load before the run (1 min)", "load_1min"),
)


def machine_grid(runs: Sequence[dict[str, Any]]) -> Grid:
    """The machine and the settings of each run, one column a run."""
    made: dict[str, list[str]] = {}
    for run in runs:
        machine, settings = run["machine"], run["settings"]
        known = {title: machine.get(key) for title, key in MACHINE}
        known["CPUs"] = f"{machine.get('cpu_limit')} of {machine.get('cores')} may be used"
        known["memory"] = words.size(machine.get("memory_bytes"))
        known["measured"] = f"{words.moment(run['started'])} UTC, for {run['wall_s']:.0f} s"
        known["budget"] = f"{settings['budget_s']:g} s for each stage × workload"
        known["threads a library may use"] = settings["threads"]
        known["seed"] = settings["seed"]
        known["source"] = source(run)
        known["libraries"] = ", ".join(f"{title} {version}" for title, version in machine.get("libraries", {}).items())
        for title, value in known.items():
            made.setdefault(title, []).append(words.UNKNOWN if value is None else str(value))
    rows = [[Cell(title), *map(name, values)] for title, values in made.items()]
    return Grid(("", *(name(run["run"]) for run in runs)), frozenset(range(len(runs) + 1)), rows)
