"""``labkit doctor``: what would fool whoever reads the figures?"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from labkit import api
from labkit.cli import options
from labkit.reports.doctor.shown import print_doctor
from labkit.reports.progress import Progress


def command(
    stage: Annotated[
        str | None,
        typer.Argument(metavar="[STAGE]", help="Look at this stage's variants; at the machine alone if not given."),
    ] = None,
    variants: Annotated[
        str | None,
        typer.Option(metavar="A,B@ENGINE", help="Variants of the stage, alone or under an engine; all when not given."),
    ] = None,
    workloads: Annotated[
        str | None,
        typer.Option(metavar="W,...", help="Workloads of the stage, as names or patterns; its first when not given."),
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", help="Measuring time of the self-test, 10 when not given; start-up comes on top."
        ),
    ] = None,
    threads: options.Threads = None,
    load: options.Load = None,
    as_json: options.Json = False,
) -> None:
    """Look for what would fool whoever reads the figures, and say the way out.

    Without a stage: the machine (CPUs allowed against the threads that libraries would start, clock, other programs,
    steal time, memory, swap, timer), and a self-test that measures identical code against itself and says which
    differences can be seen here now.

    With a stage: the machine, and each variant on its own: work rebuilt for every image, the same random stream in
    several workers, compiling while the clock runs, lazy or memoised answers, too many threads, and more.

    ✓ is fine, • is worth knowing, ! may mislead. Exit status: 0 no warning, 1 a warning was found, 2 wrong usage.

    Example: labkit doctor main_colors --variants naive,native@threads
    """
    options.load_all(load)
    progress = Progress(sys.stderr)
    try:
        shown = api.doctor(
            stage,
            options.names(variants),
            options.names(workloads),
            budget=budget,
            threads=threads,
            listener=progress,
        )
    finally:
        progress.close()
    if as_json:
        options.print_json(shown.document)
    else:
        print_doctor(shown.document)
    if shown.document["stopped"]:
        raise typer.Exit(130)
    if not shown.healthy:
        raise typer.Exit(1)
