"""``labkit check``: does every variant compute what the reference computes?"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import typer

from labkit import api
from labkit.cli import ci, options
from labkit.measure.result import arm_of
from labkit.measure.table import DEFAULT_TIME_LIMIT_S
from labkit.reports import markdown
from labkit.reports.ci.findings import faults
from labkit.reports.grid import Cell, Grid
from labkit.reports.progress import Progress
from labkit.reports.terminal import console, draw

HEADINGS = ("stage", "workload", "variant", "result", "what differs, why not, or what to know")


def command(
    stage: options.Stages = None,
    variants: options.Variants = None,
    workloads: options.Workloads = None,
    threads: options.Threads = None,
    time_limit: options.TimeLimit = DEFAULT_TIME_LIMIT_S,
    load: options.Load = None,
    as_json: options.Json = False,
    junit: ci.JUnit = None,
) -> None:
    """Compare every variant with its stage's reference, on each workload and on the stage's edge cases.

    Also caught: an input changed in place, an output that is a view of the input, an answer remembered from the call
    before, and another answer on the second call. Exit status 1 when a variant differs or crashes.

    Example: labkit check main_colors --variants native,native@processes
    """
    ci.check_file(junit)
    options.load_all(load)
    progress = Progress(sys.stderr)
    try:
        frame = api.check(
            stage or [],
            options.names(variants),
            options.names(workloads),
            threads=threads,
            time_limit=time_limit,
            listener=progress,
        )
    finally:
        progress.close()
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    grid = Grid(HEADINGS, frozenset(range(5)), [_cells(row) for row in rows], prose=frozenset({4}))
    if as_json:
        options.print_json({"rows": rows})
    else:
        draw(grid, console())
    ci.tell("labkit check", {"rows": rows}, lambda: markdown.table(grid), junit)
    if faults({"rows": rows}):
        raise typer.Exit(1)


def _cells(row: Mapping[Any, Any]) -> list[Cell]:
    result = "agrees" if row["status"] == "measured" else row["status"]
    tone = result if result in ("agrees", "unavailable") else "failed"
    names = [Cell(row["stage"]), Cell(row["workload"]), Cell(arm_of(row))]
    return [*names, Cell(result, tone=tone), Cell(row["reason"] or row["note"] or "")]
