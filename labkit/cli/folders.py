"""What ``labkit augment`` and ``labkit ocr-dataset`` share: their options, and how a run is told."""

from __future__ import annotations

import functools
import inspect
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from labkit.cli.options import Json, check_serial, number, print_json, size_in_bytes
from labkit.core.errors import UsageError
from labkit.folders import FolderRequest, run
from labkit.folders.progress import FolderProgress, failure_lines, summary_lines
from labkit.pipelines.chains import LARGEST_SEED, Chain

THREADS = "labkit engine"  # the name of the engine's threads

Source = Annotated[
    Path, typer.Argument(metavar="IN", help="A folder of images; subfolders count, links to folders don't.")
]
Target = Annotated[
    Path, typer.Argument(metavar="OUT", help="Where outputs go, in the same subfolders; made if needed, outside of IN.")
]
Seed = Annotated[
    int,
    typer.Option(
        metavar="S",
        min=0,
        max=LARGEST_SEED,
        help="With the image's relative path it decides all that is random: the same image gets the same output "
        "whatever the engine, the workers, and the other images in the folder.",
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        metavar="E",
        help="auto measures some of your images under the engines and picks; or serial, threads, shared_memory, …",
    ),
]
Workers = Annotated[
    str, typer.Option(metavar="N", help="Threads or processes; auto: as many as are fastest, at most all CPUs.")
]
Chunk = Annotated[int | None, typer.Option(metavar="N", min=1, help="Images handed to a worker at a time.")]
MemoryLimit = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE",
        help="Most memory of all processes together, such as 2G or 700M. Fewer images are in work at a time, others "
        "wait; one that alone needs more is listed as failed.",
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS", help="Give an image up, and replace its worker, after so long. Needs an engine of processes."
    ),
]
MaxPixels = Annotated[
    str,
    typer.Option(
        metavar="N",
        help="Refuse larger images, before they are decoded: a small file may claim terabytes. Such as 250M.",
    ),
]
Limit = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Only the first N images, by name: to try things out.")
]
Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Remove earlier outputs of these images first. Else only missing ones are made."),
]


@dataclass(frozen=True)
class Wishes:
    """The options of both commands, as they were given."""

    seed: Seed = 0
    engine: Engine = "auto"
    workers: Workers = "auto"
    chunk: Chunk = None
    memory_limit: MemoryLimit = None
    time_limit: TimeLimit = None
    max_pixels: MaxPixels = "250M"
    limit: Limit = None
    overwrite: Overwrite = False
    as_json: Json = False


def with_wishes(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose last parameter is ``wishes``, as one that has all their options."""
    own = [known for known in inspect.signature(command, eval_str=True).parameters.values() if known.name != "wishes"]
    shared = inspect.signature(Wishes, eval_str=True).parameters

    @functools.wraps(command)
    def run(**given: Any) -> None:
        command(**{known.name: given.pop(known.name) for known in own}, wishes=Wishes(**given))

    run.__signature__ = inspect.Signature([*own, *shared.values()])  # type: ignore[attr-defined]
    return run


def worker_count(text: str) -> int | None:
    """None for ``auto``; raises UsageError."""
    if text == "auto":
        return None
    if not text.isdecimal() or not int(text):
        raise UsageError(f"--workers is {text!r}; give auto, or a whole number of at least 1")
    return int(text)


def run_and_tell(
    command: str, source: Path, target: Path, chain: Chain, wishes: Wishes, copies: int | None = None
) -> None:
    """Do it, with progress and failures on standard error and the summary on standard output; ends with the exit status."""
    limit = wishes.memory_limit
    request = FolderRequest(
        source,
        target,
        chain,
        wishes.seed,
        copies,
        engine=wishes.engine,
        workers=worker_count(wishes.workers),
        chunk=wishes.chunk,
        memory_limit=size_in_bytes(limit, "--memory-limit") if limit is not None else None,
        time_limit_s=wishes.time_limit,
        max_pixels=number(wishes.max_pixels, "--max-pixels"),
        limit=wishes.limit,
        overwrite=wishes.overwrite,
    )
    check_serial(request.engine, request.workers, request.chunk)
    progress = FolderProgress(sys.stderr)
    try:
        report = run(request, progress)
    finally:
        progress.close()
    for line in failure_lines(report):
        print(line, file=sys.stderr)
    if wishes.as_json:
        print_json(report.document)
    else:
        print("\n".join(summary_lines(report, command)))
    if report.stopped:
        _leave_threads_behind()
        raise typer.Exit(130)
    if report.failures or report.problems:
        raise typer.Exit(1)


def _leave_threads_behind() -> None:
    """End now if an engine's thread is still at an image: Python would end it within C++ code, which aborts the process."""
    if any(thread.name == THREADS for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(130)
