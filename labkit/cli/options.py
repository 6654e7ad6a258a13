"""Arguments and options that several commands share, with their help."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from labkit.core.errors import UsageError
from labkit.core.registry import registry

Stages = Annotated[list[str] | None, typer.Argument(metavar="[STAGE...]", help="Stages; all when none is named.")]
Variants = Annotated[
    str | None, typer.Option(metavar="A,B@ENGINE", help="Variants, each alone or under an engine; all when not given.")
]
Workloads = Annotated[
    str | None, typer.Option(metavar="W,...", help="Workloads, as names or patterns (logo*); all when not given.")
]
Stage = Annotated[str, typer.Argument(metavar="STAGE", help="A stage.")]
Variant = Annotated[str, typer.Argument(metavar="VARIANT[@ENGINE]", help="A variant, alone or under an engine.")]
Workload = Annotated[str | None, typer.Option(metavar="W", help="One workload of the stage; its first when not given.")]
Threads = Annotated[
    int | None, typer.Option(metavar="N", help="Threads a library may use; all CPUs allowed when not given.")
]
Load = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE.py", help="A Python file with stages or variants of your own; repeatable."),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on standard output and nothing else there.")
]


def names(text: str | None) -> list[str] | None:
    """The names in a comma list; None when the option was not given. Raises UsageError for an empty name."""
    if text is None:
        return None
    found = [name.strip() for name in text.split(",")]
    if not all(found):
        raise UsageError(f"{text!r} holds an empty name; give names with commas between, such as naive,native@threads")
    return found


def load_all(files: list[Path] | None) -> None:
    for file in files or []:
        registry.load(file)


def print_json(document: Any) -> None:
    json.dump(document, sys.stdout, indent=1, allow_nan=False, default=str)
    sys.stdout.write("\n")
