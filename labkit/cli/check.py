"""``labkit check``: does every variant compute what the reference computes?"""

from __future__ import annotations

import sys

import typer
from rich.table import Table
from rich.text import Text

from labkit import api
from labkit.cli import options
from labkit.cli.bench import FINDINGS
from labkit.measure.result import arm_of
from labkit.reports.progress import Progress
from labkit.reports.terminal import console

COLORS = {"agrees": "green", "unavailable": "yellow"}


def command(
    stage: options.Stages = None,
    variants: options.Variants = None,
    workloads: options.Workloads = None,
    threads: options.Threads = None,
    load: options.Load = None,
    as_json: options.Json = False,
) -> None:
    """Compare every variant with its stage's reference, on each workload and on the stage's edge cases.

    Also caught: an input changed in place, an output that is a view of the input, an answer remembered from the call
    before, and another answer on the second call. Exit status 1 when a variant differs or crashes.

    Example: labkit check main_colors --variants native,native@processes
    """
    options.load_all(load)
    progress = Progress(sys.stderr)
    try:
        frame = api.check(
            stage or [], options.names(variants), options.names(workloads), threads=threads, listener=progress
        )
    finally:
        progress.close()
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    if as_json:
        options.print_json({"rows": rows})
    else:
        table = Table("stage", "workload", "variant", "result", "what differs, or why not", box=None)
        for row in rows:
            result = "agrees" if row["status"] == "measured" else row["status"]
            arm = arm_of(row)
            cells = [row["stage"], row["workload"], arm, result, row["reason"] or ""]
            table.add_row(*[Text(c, style=COLORS.get(result, "red") if n == 3 else "") for n, c in enumerate(cells)])
        console().print(table)
    if any(row["status"] in FINDINGS for row in rows):
        raise typer.Exit(1)
