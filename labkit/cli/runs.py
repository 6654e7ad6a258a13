"""``labkit runs``: what was measured before."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from labkit.cli import options
from labkit.core.errors import UsageError
from labkit.report import words
from labkit.report.text import console, print_run
from labkit.store import Run, all_runs, find_run, results_folder


def command(
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="A run's id, its beginning, or last; lists all if not given.")
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option(metavar="FILE.svg", help="Draw each table of the run beside its name: FILE-stage-workload.svg."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """List the stored runs, oldest first, or show one of them again.

    Example: labkit runs last
    """
    if run is not None:
        found = find_run(run)
        if figure is not None:
            _draw(found, figure)
        elif as_json:
            options.print_json(found.document)
        else:
            print_run(found.document, str(found.folder))
        return
    if figure is not None:
        raise UsageError("--figure draws one run: name it, or say last")
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
    table = Table("run", "started", "tables", "best", "host", "budget", box=None)
    for item in known:
        named = [f"{t['best']['best']} ({t['workload']})" for t in item.tables if t["best"] and t["best"]["decided"]]
        stages = ", ".join(dict.fromkeys(t["stage"] for t in item.tables))
        table.add_row(
            *map(
                Text,
                [
                    item.id,
                    item.document["started"],
                    f"{len(item.tables)}: {stages}",
                    ", ".join(named[:2]) + (" …" if len(named) > 2 else ""),
                    item.machine["host"],
                    words.duration(item.document["settings"]["budget_s"]),
                ],
            )
        )
    out.print(table)


def _draw(run: Run, target: Path) -> None:
    """Write a picture of each table; names its files on standard output."""
    from labkit.report.figure import speedups

    for table in run.tables:
        if not any(r["ratio"] for r in run.rows if (r["stage"], r["workload"]) == (table["stage"], table["workload"])):
            continue
        place = f"{table['stage']}-{table['workload']}".replace("/", "_")
        path = target.with_name(f"{target.stem}-{place}{target.suffix or '.svg'}")
        try:
            speedups(run.document, table["stage"], table["workload"]).savefig(path)
        except (OSError, ValueError) as error:
            raise UsageError(f"--figure {path}: {error}") from error
        print(path)
