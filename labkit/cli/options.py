"""Arguments and options that several commands share, with their help."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from labkit.cli import completion
from labkit.core.errors import UsageError
from labkit.core.registry import registry

POWERS = ["", "K", "M", "G", "T"]

Stages = Annotated[
    list[str] | None,
    typer.Argument(metavar="[STAGE...]", help="Stages; all when none is named.", autocompletion=completion.stages),
]
Variants = Annotated[
    str | None,
    typer.Option(
        metavar="A,B@ENGINE",
        help="Variants, each alone or under an engine; all when not given.",
        autocompletion=completion.variants,
    ),
]
Workloads = Annotated[
    str | None,
    typer.Option(
        metavar="W,...",
        help="Workloads, as names or patterns (logo*); all when not given.",
        autocompletion=completion.workloads,
    ),
]
Stage = Annotated[str, typer.Argument(metavar="STAGE", help="A stage.", autocompletion=completion.stages)]
Variant = Annotated[
    str,
    typer.Argument(
        metavar="VARIANT[@ENGINE]",
        help="A variant, alone or under an engine.",
        autocompletion=completion.variants,
    ),
]
Workload = Annotated[
    str | None,
    typer.Option(
        metavar="W",
        help="One workload of the stage; its first when not given.",
        autocompletion=completion.workloads,
    ),
]
Threads = Annotated[
    int | None, typer.Option(metavar="N", help="Threads a library may use; all CPUs allowed when not given.")
]
TimeLimit = Annotated[
    float,
    typer.Option(
        metavar="SECONDS", help="What the check of a variant may take, all its calls together; one that hangs is ended."
    ),
]
Load = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE.py", help="A Python file with stages or variants of your own; repeatable."),
]
Chains = Annotated[
    list[str] | None,
    typer.Option(
        "--chain",
        metavar="NAME|FILE.yaml",
        help="A chain as a stage of its own, NAME_chain, and NAME_chain_many of it: photo, document, hybrid, ocr, or a file of "
        "steps; repeatable.",
    ),
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


def size_in_bytes(text: str, option: str) -> int:
    """Bytes of ``2G``, ``700M``, ``1.5GiB`` (powers of 1024); raises UsageError that names the option."""
    size = _scaled(text, 1024, "(?:i?B)?")
    if size < 1:
        raise UsageError(f"{option} is {text!r}; give a size such as 2G or 700M")
    return size


def number(text: str, option: str) -> int:
    """A whole number of at least 1 as people write it, such as 50M or 500k (powers of 1000); raises UsageError."""
    found = _scaled(text, 1000, "")
    if found < 1:
        raise UsageError(f"{option} is {text!r}; give a number such as 50M, at least 1")
    return found


def _scaled(text: str, base: int, unit: str) -> int:
    found = re.fullmatch(rf"(\d+(?:\.\d+)?)\s*([KMGT]?){unit}", text.strip(), re.IGNORECASE)
    return int(float(found[1]) * base ** POWERS.index(found[2].upper())) if found else 0


def check_serial(engine: str, workers: int | None, chunk: int | None = None) -> None:
    """Raise UsageError where serial is asked for more than one of what it has one of."""
    for option, number, has in (("--workers", workers, "has one"), ("--chunk", chunk, "takes one image at a time")):
        if engine == "serial" and number not in (None, 1):
            raise UsageError(f"{option} is {number}, but serial {has}; give another --engine, such as threads")


def load_all(files: list[Path] | None) -> None:
    for file in files or []:
        registry.load(file)


def chain_stages(chains: list[str] | None) -> list[str]:
    """The names of the chains' stages, which are registered so. Raises UsageError for what is no chain."""
    from labkit.pipelines.chain_stage import chain_stage
    from labkit.pipelines.chains import open_chain

    return [chain_stage(open_chain(chain)) for chain in chains or []]


def print_json(document: Any) -> None:
    json.dump(document, sys.stdout, indent=1, allow_nan=False, default=str)
    sys.stdout.write("\n")
