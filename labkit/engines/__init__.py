"""Engines: ways to run one kernel over the parts of its input. A kernel is written once; an engine schedules it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from labkit.core.errors import UsageError, listed
from labkit.core.stage import Stage
from labkit.core.variant import Variant
from labkit.engines.processes import Parts, open_processes

Opener = Callable[[Callable[..., Any], int], AbstractContextManager[Callable[[Parts], list[Any]]]]


@contextmanager
def open_serial(function: Callable[..., Any], workers: int) -> Iterator[Callable[[Parts], list[Any]]]:
    """One part after the other in this thread: what splitting and combining alone cost."""
    yield lambda parts: [function(*part) for part in parts]


@contextmanager
def open_threads(function: Callable[..., Any], workers: int) -> Iterator[Callable[[Parts], list[Any]]]:
    """A pool of threads: it gains only where the kernel releases Python's global lock."""
    with ThreadPoolExecutor(workers) as pool:
        yield lambda parts: [future.result() for future in [pool.submit(function, *part) for part in parts]]


ENGINES: dict[str, Opener] = {"serial": open_serial, "threads": open_threads, "processes": open_processes}
STARTS_PROCESSES = frozenset({"processes"})


def check_engine(name: str) -> None:
    """Raise UsageError for an engine that does not exist."""
    if name not in ENGINES:
        raise UsageError(f"unknown engine {name!r}; engines: {listed(ENGINES)}")


@contextmanager
def split_arm(stage: Stage, variant: Variant, engine: str, workers: int) -> Iterator[Callable[..., Any]]:
    """A variant's partial under an engine, cut and combined as its stage declares: a callable with the stage's signature."""
    check_engine(engine)
    if stage.split is None:
        raise UsageError(f"stage {stage.name} declares no split, so none of its variants runs under an engine")
    if variant.partial is None:
        raise UsageError(
            f"variant {variant.name} of stage {stage.name} has no partial, so it can't run under an engine"
        )
    split = stage.split
    with ENGINES[engine](variant.partial, workers) as run:
        yield lambda *inputs: split.combine(run(split.parts(workers, *inputs)), *inputs)
