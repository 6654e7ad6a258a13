"""``labkit check``: does every variant compute what the reference computes?"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from labkit import api
from labkit.cli import ci, options
from labkit.measure.request import DEFAULT_TIME_LIMIT_S
from labkit.reports import markdown
from labkit.reports.ci.findings import faults
from labkit.reports.progress import Progress
from labkit.reports.terminal import console, draw


def command(
    stage: options.Stages = None,
    variants: options.Variants = None,
    workloads: options.Workloads = None,
    threads: options.Threads = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of the edge cases that are drawn at random; a fresh one unless given.")
    ] = None,
    time_limit: options.TimeLimit = DEFAULT_TIME_LIMIT_S,
    load: options.Load = None,
    as_json: options.Json = False,
    junit: ci.JUnit = None,
) -> None:
    """Compare every variant with its stage's reference, on each workload and on the stage's edge cases.

    Edge cases are also drawn at random within the contract, others each time; a difference there tells the seed.
    Also caught: an input changed in place or written to and put right again, an output that is a view of the input, an
    answer remembered from the call before, a buffer used again, another answer on the second call or on one of 600 on a
    small input. Exit status 1 when a variant differs or crashes.

    Example: labkit check main_colors --variants native,native@processes
    """
    ci.check_file(junit)
    options.load_all(load)
    progress = Progress(sys.stderr)
    try:
        found = api.check(
            stage or [],
            options.names(variants),
            options.names(workloads),
            threads=threads,
            seed=seed,
            time_limit=time_limit,
            listener=progress,
        )
    finally:
        progress.close()
    if as_json:
        options.print_json({"rows": found.rows})
    else:
        draw(found.grid, console())
    ci.tell("labkit check", {"rows": found.rows}, lambda: markdown.table(found.grid), junit)
    if faults({"rows": found.rows}):
        raise typer.Exit(1)
