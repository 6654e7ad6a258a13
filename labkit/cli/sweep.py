"""``labkit sweep``: how does speed follow workers, chunk, or size?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from labkit import api
from labkit.cli import options
from labkit.cli.bench import end
from labkit.core.errors import UsageError
from labkit.measure.request import DEFAULT_TIME_LIMIT_S
from labkit.measure.sweep.run import DEFAULT_BUDGET_S
from labkit.reports.progress import Progress
from labkit.reports.svg_text import save
from labkit.reports.sweep.shown import SweepShown, print_sweep

FORMATS = (".svg", ".png", ".pdf")


def command(
    stage: options.Stage,
    over: Annotated[str, typer.Option(metavar="workers|chunk|size", help="What is varied.")] = "workers",
    variant: Annotated[
        str | None,
        typer.Option(
            metavar="V",
            help="The variant; one that can be split when not given. For size several, with commas, the first of them the "
            "baseline; all when not given.",
        ),
    ] = None,
    engine: Annotated[
        str | None, typer.Option(metavar="E", help="The engine: threads for workers, chunks for chunk when not given.")
    ] = None,
    values: Annotated[
        str | None,
        typer.Option(metavar="1,2,4", help="Points of the axis; for size workloads. Sane ones when not given."),
    ] = None,
    workload: options.Workload = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="Workers of a sweep over chunk; the CPU limit when not given.")
    ] = None,
    budget: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            help="Measuring time for the curve; over size for each workload. Checks and start-up come on top.",
        ),
    ] = DEFAULT_BUDGET_S,
    threads: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Threads a library may use inside an arm; for workers and chunk 1 when not given."
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(metavar="S", min=0, help="Seed of every random choice; fresh if not given, stored either way."),
    ] = None,
    time_limit: options.TimeLimit = DEFAULT_TIME_LIMIT_S,
    figure: Annotated[Path | None, typer.Option(metavar="FILE.svg", help="Also draw it; .png and .pdf go too.")] = None,
    load: options.Load = None,
    as_json: options.Json = False,
) -> None:
    """Measure a curve in one interleaved run: each point as a paired ratio to the first, with its interval.

    Over workers it names the best count and fits the Universal Scalability Law, which says what more cores would bring,
    and with how much certainty. Over chunk it names the best number of tasks to hand over at a time. Over size it tells
    where one variant overtakes another. Ctrl-C keeps what is done.

    Example: labkit sweep main_colors --over workers --variant native --engine threads --figure sweep.svg
    """
    options.load_all(load)
    if figure is not None and figure.suffix.lower() not in FORMATS:
        raise UsageError(f"figure is {str(figure)!r}; give a file that ends in {', '.join(FORMATS)}")
    if figure is not None and not figure.absolute().parent.is_dir():
        raise UsageError(f"figure is {str(figure)!r}; its folder does not exist")
    progress = Progress(sys.stderr)
    try:
        shown = api.sweep(
            stage,
            over,
            options.names(variant),
            engine=engine,
            values=options.names(values),
            workload=workload,
            workers=workers,
            budget=budget,
            threads=threads,
            seed=seed,
            time_limit=time_limit,
            listener=progress,
        )
    finally:
        progress.close()
    if as_json:
        options.print_json(shown.document)
    else:
        print_sweep(shown.document, str(shown.run.folder) if shown.run else None)
    if figure is not None:
        _draw(shown, figure)
    end("sweep", shown.document, shown.problem)


def _draw(shown: SweepShown, file: Path) -> None:
    """Write the picture; a sweep without enough timings has none, and says so instead."""
    # brings matplotlib, which would be a quarter of the start of every command
    from labkit.reports.sweep.figure import drawable

    if not drawable(shown.document):
        print(f"labkit: {file} is not drawn: the sweep has too few timings", file=sys.stderr)
        return
    save(shown.figure(), file)
    print(f"drawn in {file}", file=sys.stderr)
