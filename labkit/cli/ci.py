"""What a CI system is told when a command is done: annotations and a summary on GitHub, JUnit XML where it is asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from labkit.core.errors import UsageError
from labkit.core.whole import is_replaceable, write_whole
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
    if file is not None and file.absolute().parent.is_dir() and not file.is_dir() and not is_replaceable(file):
        raise UsageError(f"--junit {file}: no file that could be replaced; name another")
    if file is not None and (file.is_dir() or not file.absolute().parent.is_dir()):
        raise UsageError(f"--junit {file}: {'a folder' if file.is_dir() else 'its folder does not exist'}; give a file")


def tell(command: str, document: Mapping[str, Any], markdown: Callable[[], str], file: Path | None) -> None:
    """Tell what a command found; ``markdown`` makes its tables. What can't be written costs a line, not the command."""
    if on_github():
        found = findings(document)
        for line in annotation_lines(found):
            print(line, file=sys.stderr)
        with _told(os.environ.get("GITHUB_STEP_SUMMARY")):
            write_summary(summary(command, found, markdown()))
    if file is not None:
        with _told(file):
            write_whole(file.resolve(), junit(document, command))  # through a link, which stays


@contextmanager
def _told(file: object) -> Iterator[None]:
    """One that can't be written keeps no other from being written."""
    try:
        yield
    except OSError as error:
        print(f"labkit: not written: {file}: {error.strerror or error}", file=sys.stderr)
