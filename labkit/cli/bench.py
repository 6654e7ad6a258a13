"""``labkit bench``: check, time, show and store."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from labkit import api
from labkit.cli import ci, options
from labkit.measure.bench import DEFAULT_BUDGET_S, Measurement, make_settings
from labkit.measure.request import DEFAULT_TIME_LIMIT_S, Settings
from labkit.measure.result import Table
from labkit.reports import against as against_words
from labkit.reports.ci.findings import faults, regressions
from labkit.reports.progress import Progress
from labkit.reports.runs.forms import markdown, print_run, print_table
from labkit.reports.runs.grids import grids
from labkit.reports.shown import Shown
from labkit.reports.terminal import console
from labkit.store import results_folder
from labkit.store.run import document


def command(
    stage: options.Stages = None,
    variants: options.Variants = None,
    workloads: options.Workloads = None,
    baseline: Annotated[
        str | None, typer.Option(metavar="V", help="What speed-ups are told against; the reference if not given.")
    ] = None,
    budget: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", help="Measuring time for each stage × workload; checks and start-up come on top."
        ),
    ] = DEFAULT_BUDGET_S,
    threads: options.Threads = None,
    seed: Annotated[
        int | None,
        typer.Option(metavar="S", min=0, help="Seed of every random choice; fresh if not given, stored either way."),
    ] = None,
    time_limit: options.TimeLimit = DEFAULT_TIME_LIMIT_S,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="REVISION",
            help="Measure each variant beside itself at a git revision, which is built once; exit status 1 on a regression.",
        ),
    ] = None,
    chain: options.Chains = None,
    load: options.Load = None,
    as_json: options.Json = False,
    junit: ci.JUnit = None,
) -> None:
    """Check variants against the reference, time those that agree, print the tables and store the run.

    A speed-up is the paired ratio baseline time / variant time with its interval over launches. A verdict needs the
    whole interval beyond (or within) ±1 %; otherwise the row is unresolved. Ctrl-C keeps what is done.

    Lines that begin with "doctor:" tell what may mislead in these figures, and the way out; labkit doctor looks closer.

    Against a revision each variant is told beside itself as it was then. Exit status 1: a regression, or an answer that differs.

    Example: labkit bench main_colors --workloads logo --variants fast,native,native@threads --budget 20
    """
    ci.check_file(junit)
    options.load_all(load)
    names = [*(stage or []), *options.chain_stages(chain)]
    show(
        lambda listener: api.bench(
            names,
            options.names(variants),
            options.names(workloads),
            baseline=baseline,
            budget=budget,
            threads=threads,
            seed=seed,
            time_limit=time_limit,
            against=against,
            listener=listener,
        ),
        "labkit bench",
        Progress(sys.stderr) if as_json or against else Tables(make_settings(budget, threads)),
        as_json,
        junit,
    )


def show(
    measure: Callable[[Progress], Shown], command: str, progress: Progress, as_json: bool, junit: Path | None
) -> None:
    """Measure, tell what was found to whoever asked, and end with the exit status that says so."""
    try:
        shown = measure(progress)
    finally:
        progress.close()
    if as_json:
        options.print_json(shown.document)
    else:
        printed = progress.printed if isinstance(progress, Tables) else 0
        print_run(shown.document, str(shown.folder) if shown.folder else None, printed=printed)
    ci.tell(command, shown.document, lambda: markdown(shown.document), junit)
    end("run", shown.document, shown.problem)


class Tables(Progress):
    """Progress on standard error, and each table on standard output as soon as it is done."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(sys.stderr)
        self.printed, self._settings, self._out = 0, settings, console()

    def table_ends(self, table: Table) -> None:
        super().table_ends(table)
        self.close()
        (part,) = grids(document(Measurement([table], {}, self._settings, "")))
        with self._out.capture() as text:
            print_table(part, self._out)
        try:
            sys.stdout.write(text.get())
            sys.stdout.flush()
        except BrokenPipeError:
            return  # whoever read it has left, which ends the command when what is measured is stored
        self.printed += 1


def end(what: str, document: Mapping[str, Any], problem: str | None) -> None:
    """Say if it could not be stored, which is status 2, and end with the exit status that tells what was found."""
    if problem:
        print(f"labkit: the {what} is not stored in {results_folder()}: {problem}", file=sys.stderr)
    if document["stopped"]:
        raise typer.Exit(130)
    found = regressions(document)
    for regression in found:
        print(f"labkit: {against_words.regression(regression)}", file=sys.stderr)
    if problem:
        raise typer.Exit(2)
    if found or faults(document):
        raise typer.Exit(1)
