"""``labkit report``: one file that tells a team what was found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labkit import api
from labkit.cli import options
from labkit.cli.profile import tell
from labkit.core.errors import UsageError


def command(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN...]", help="Runs: ids, their beginnings, folders, or last; the last if none is named."
        ),
    ] = None,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write it: .html, .md (for a pull request) or .pdf.")
    ] = None,
    compare: Annotated[bool, typer.Option("--compare", help="What moved between two runs, before and after.")] = False,
    notebook: Annotated[
        Path | None,
        typer.Option(
            metavar="NB.ipynb", help="A notebook instead, without its code; executed first unless all its cells were."
        ),
    ] = None,
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="A title in place of the report's own.")] = None,
    comment: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What you have to say, below the title; a paragraph a line.")
    ] = None,
    code: Annotated[bool, typer.Option("--code", help="Show source lines in the line diffs.")] = False,
    profile: Annotated[
        bool, typer.Option("--profile", help="Make a line diff, baseline → best, where none is stored.")
    ] = False,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Show the pictures that the runs keep.")
    ] = True,
    paper: Annotated[str, typer.Option(metavar="A4|Letter", help="What a .pdf is printed on.")] = "A4",
    load: options.Load = None,
) -> None:
    """Write a report of stored runs: the decision on top, then tables, figures, what failed, the machine, how to redo it.

    One file: the HTML loads nothing and opens from disk, the Markdown fits into a comment on GitHub, the PDF is printed by
    an installed Chromium, Chrome or Edge. An existing file is replaced. With --compare, exit status 1 when a ratio fell.

    A sweep is a run too: name it beside the run to have its curve in the report.

    Example: labkit report last --to report.html
    """
    options.load_all(load)
    if to is None:
        raise UsageError("say where to write the report: --to report.html, or .md or .pdf")
    made = api.report(
        runs or [],
        to,
        compare=compare,
        notebook=notebook,
        title=title,
        comment=comment,
        code=code,
        profile=profile,
        pictures=pictures,
        paper=paper,
        tell=tell,
    )
    print(to)
    if made.regressions:
        raise typer.Exit(1)
