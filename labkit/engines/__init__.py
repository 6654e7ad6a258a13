"""Engines: ways to run one function over many tasks. A kernel is written once; an engine schedules it."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from labkit.core.errors import UsageError, listed
from labkit.core.stage import Stage
from labkit.core.variant import Variant
from labkit.engines.batches import Backend, Outcome
from labkit.engines.stream import Engine, checked

__all__ = [
    "ENGINES",
    "STARTS_PROCESSES",
    "Engine",
    "Outcome",
    "check_engine",
    "engine_missing",
    "open_engine",
    "split_arm",
]


@dataclass(frozen=True)
class EngineKind:
    """Where an engine's backend lives and what it starts.

    ``turn``: of several to be opened in one process the lower comes first. Workers that are forked come before anything
    that keeps threads here; the threads of a pool are idle when the next one forks, those of ray never are.
    ``unasked``: a comparison tries this engine without being told to. ``sees_tasks``: it can tell which task of a batch a
    worker is at; one that can't is given single tasks when each has a time limit.
    """

    backend: str
    summary: str
    rank: int
    starts_processes: bool = True
    unasked: bool = False
    sees_tasks: bool = True
    requires: str | None = None

    def missing(self) -> str | None:
        """Why this engine can't run here, in one line; None when it can."""
        if self.requires is not None and importlib.util.find_spec(self.requires) is None:
            return f"needs the module {self.requires}, which is not installed: pip install 'labkit[{self.requires}]'"
        return None

    def open(self, function: Callable[..., Any], workers: int, once: Callable[[], Any] | None, **more: Any) -> Backend:
        module, _, name = self.backend.partition(":")
        kind = getattr(importlib.import_module(f"labkit.engines.{module}"), name)
        backend: Backend = kind(function, workers, once, **more)
        return backend


LAST = 3
ENGINES: dict[str, EngineKind] = {
    "serial": EngineKind("local:Serial", "one task after the other in this thread", LAST, starts_processes=False),
    "threads": EngineKind("local:Threads", "threads of this process", LAST, starts_processes=False, unasked=True),
    "processes": EngineKind("pools:Processes", "ProcessPoolExecutor, one task an image", 1),
    "chunks": EngineKind("pools:Chunks", "ProcessPoolExecutor, several images a task", 1),
    "pool_imap": EngineKind("pools:PoolImap", "multiprocessing.Pool.imap_unordered", 1),
    "shared_memory": EngineKind("crew:Crew", "processes; images lie in reused shared memory", 0, unasked=True),
    "ray": EngineKind(
        "ray_actors:RayActors", "actors of Ray, here or on a cluster", 2, sees_tasks=False, requires="ray"
    ),
}
STARTS_PROCESSES = frozenset(name for name, kind in ENGINES.items() if kind.starts_processes)


def check_engine(name: str) -> None:
    """Raise UsageError for an engine that does not exist."""
    if name not in ENGINES:
        raise UsageError(f"unknown engine {name!r}; engines: {listed(ENGINES)}")


def engine_missing(name: str) -> str | None:
    """Why an engine can't run here, in one line; None when it can. Raises UsageError for one that does not exist."""
    check_engine(name)
    return ENGINES[name].missing()


def opening_order(name: str | None) -> int:
    """Of several arms to be opened in one process, the turn of one under this engine (None: of a variant alone)."""
    return ENGINES[name].rank if name in ENGINES else LAST


def open_engine(
    name: str,
    function: Callable[..., Any],
    workers: int,
    *,
    chunk: int | None = None,
    in_flight: int | None = None,
    time_limit_s: float | None = None,
    once: Callable[[], Any] | None = None,
    **more: Any,
) -> Engine:
    """Start an engine's workers; ``with open_engine(...) as engine: for outcome in engine.stream(tasks): ...``.

    A worker calls ``function(*task)``, or ``function(once(), *task)`` with what ``once`` made when the worker started.
    ``chunk`` tasks are handed over at a time (None: as the engine prefers). At most ``in_flight`` tasks are taken and not yet
    yielded (None: four chunks a worker). A task that runs longer than ``time_limit_s`` seconds is given up and its worker
    replaced; serial and threads, where nothing can end it, take no limit, and ray gets single tasks then, to time each of them.
    More arguments are the engine's own (ray: ``address``).

    A task that raises, that kills its worker twice or that takes too long becomes an outcome with an error; others are not
    lost. Arrays that come back from shared_memory lie in shared memory, are the consumer's own, and may be kept and changed;
    those of ray are read-only.

    Raises UsageError for an unknown or missing engine, a bad number, and a function that can't be pickled.
    """
    check_engine(name)
    if reason := engine_missing(name):
        raise UsageError(f"engine {name} can't run here: {reason}")
    checked("workers", workers, int, 1)
    if chunk is not None:
        checked("chunk", chunk, int, 1)
    if in_flight is not None:
        checked("in_flight", in_flight, int, 1)
    if time_limit_s is not None:
        checked("time_limit_s", time_limit_s, (int, float), 0)
        if name not in STARTS_PROCESSES:
            raise UsageError(
                f"time_limit_s: engine {name} can't end a task; take one of processes, such as shared_memory"
            )
        if not ENGINES[name].sees_tasks:
            chunk = 1
    backend = ENGINES[name].open(function, workers, once, **more)
    return Engine(backend, chunk=chunk, in_flight=in_flight, time_limit_s=time_limit_s)


@contextmanager
def split_arm(
    stage: Stage, variant: Variant, engine: str, workers: int, chunk: int | None = None
) -> Iterator[Callable[..., Any]]:
    """A variant's partial under an engine, cut and combined as its stage declares: a callable with the stage's signature."""
    check_engine(engine)
    if stage.split is None:
        raise UsageError(f"stage {stage.name} declares no split, so none of its variants runs under an engine")
    if variant.partial is None:
        raise UsageError(
            f"variant {variant.name} of stage {stage.name} has no partial, so it can't run under an engine"
        )
    split = stage.split
    with open_engine(engine, variant.partial, workers, chunk=chunk) as opened:

        def call(*inputs: Any) -> Any:
            return split.combine(results(opened, split.parts(workers, *inputs)), *inputs)

        yield call


def results(engine: Engine, parts: list[tuple[Any, ...]]) -> list[Any]:
    """The values of all parts, in their order; raises the first error."""
    values = []
    for outcome in engine.stream(parts, ordered=True):
        if outcome.error is not None:
            raise outcome.exception()
        values.append(outcome.value)
    return values
