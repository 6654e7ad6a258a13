"""``labkit runs``: what was measured before."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labkit.cli import options
from labkit.core.errors import UsageError
from labkit.reports import words
from labkit.reports.grid import Cell, Grid
from labkit.reports.history.shown import HistoryShown, print_history
from labkit.reports.runs.forms import print_run
from labkit.reports.svg_text import save
from labkit.reports.terminal import console, draw
from labkit.store import Run, all_runs, find_run, results_folder
from labkit.store.history import is_stage, read_history


def command(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN|STAGE",
            help="A run's id, its beginning, or last; a stage with --history; lists all runs if not given.",
        ),
    ] = None,
    history: Annotated[
        bool,
        typer.Option("--history", help="Show the runs of a stage on this machine, and since when one is worth a look."),
    ] = False,
    figure: Annotated[
        Path | None,
        typer.Option(metavar="FILE.svg", help="Draw each table of the run beside its name: FILE-stage-workload.svg."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """List the stored runs, oldest first, or show one of them again; or one stage over the runs of this machine.

    A history holds ratios to the baseline and to the limit, never seconds, each beside those of runs on the same machine
    with the same baseline and threads. Where they step from one level to another it says since which run that is worth a
    look. Stored runs are other moments, so a step is never called a regression, and the exit status is 0: to compare old
    code with new code, measure both in one run: labkit bench STAGE --against REVISION.

    Example: labkit runs last

    Example: labkit runs main_colors --history
    """
    if figure is not None and (run is None or history):
        raise UsageError("--figure draws one run: name it, or say last")
    if history:
        shown = HistoryShown(read_history(_stage(run)))
        if as_json:
            options.print_json(shown.document)
        else:
            print_history(shown.history)
        return
    if run is not None:
        found = _found(run)
        if figure is not None:
            _draw(found, figure)
        elif as_json:
            options.print_json(found.document)
        else:
            print_run(found.document, str(found.folder))
        return
    known = all_runs()
    if as_json:
        options.print_json(
            {"runs": [{k: v for k, v in r.document.items() if k not in ("rows", "tables")} for r in known]}
        )
        return
    out = console()
    if not known:
        out.print(f"no runs in {results_folder()} yet: labkit bench makes one", markup=False, soft_wrap=True)
        return
    rows = [list(map(Cell, _told(item))) for item in known]
    headings = ("run", "started", "tables", "best", "host", "budget")
    draw(Grid(headings, frozenset(range(6)), rows, prose=frozenset(range(6))), out)


def _told(run: Run) -> list[str]:
    """A run as a line of the list: what was measured, and what was best in its first two tables."""
    named = [f"{t['best']['best']} ({t['workload']})" for t in run.tables if t["best"] and t["best"]["decided"]]
    stages = ", ".join(dict.fromkeys(t["stage"] for t in run.tables))
    best = ", ".join(named[:2]) + (" …" if len(named) > 2 else "")
    budget = words.duration(run.document["settings"]["budget_s"])
    return [run.id, run.document["started"], f"{len(run.tables)}: {stages}", best, run.machine["host"], budget]


def _stage(name: str | None) -> str:
    """The stage that --history was given; raises UsageError for what is a run, or nothing."""
    if name is None:
        raise UsageError("--history shows one stage: labkit runs STAGE --history")
    if name == "last" or name[:1].isdigit():
        raise UsageError(f"--history shows a stage, and {name!r} is a run: labkit runs STAGE --history")
    return name


def _found(name: str) -> Run:
    """The run of that name; raises UsageError where there is none, and says so where it is a stage."""
    try:
        return find_run(name)
    except UsageError:
        if name[:1].isdigit() or name == "last" or not is_stage(name):
            raise
        raise UsageError(
            f"{name!r} is a stage, and no run: for its past runs say labkit runs {name} --history"
        ) from None


def _draw(run: Run, target: Path) -> None:
    """Write a picture of each table; names its files on standard output."""
    from labkit.reports.figure import speedups

    for table in run.tables:
        if not any(r["ratio"] for r in run.rows if (r["stage"], r["workload"]) == (table["stage"], table["workload"])):
            continue
        place = f"{table['stage']}-{table['workload']}".replace("/", "_")
        path = target.with_name(f"{target.stem}-{place}{target.suffix or '.svg'}")
        try:
            save(speedups(run.document, table["stage"], table["workload"]), path)
        except (OSError, ValueError) as error:
            raise UsageError(f"--figure {path}: {error}") from error
        print(path)
