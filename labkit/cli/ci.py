"""What a CI system is told when a command is done: annotations and a summary on GitHub, JUnit XML where it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from labkit.core.errors import UsageError
from labkit.core.whole import write_whole
from labkit.reports.ci.findings import findings
from labkit.reports.ci.github import annotation_lines, on_github, summary, write_summary
from labkit.reports.ci.junit import junit

JUnit = Annotated[
    Path | None,
    typer.Option(
        "--junit", metavar="FILE.xml", help="Also write the results as JUnit XML, which every CI system reads."
    ),
]


def check_file(file: Path | None) -> None:
    """Raise UsageError for a file that could not be written when all is measured."""
    if file is not None and (file.is_dir() or not file.absolute().parent.is_dir()):
        raise UsageError(f"--junit {file}: {'a folder' if file.is_dir() else 'its folder does not exist'}; give a file")


def tell(command: str, document: Mapping[str, Any], markdown: Callable[[], str], file: Path | None) -> None:
    """Tell what a command found; ``markdown`` makes its tables. What can't be written costs a line, not the command."""
    try:
        if on_github():
            found = findings(document)
            for line in annotation_lines(found):
                print(line, file=sys.stderr)
            write_summary(summary(command, found, markdown()))
        if file is not None:
            write_whole(file.absolute(), junit(document, command))
    except OSError as error:
        print(f"labkit: not written: {error.filename or file}: {error.strerror or error}", file=sys.stderr)
