"""Recording in worker processes: in those of an engine, and in the pools that a variant keeps itself.

A pool's workers have no way back but their answers, and those belong to the variant. So each worker writes what it has
recorded so far into a file of its own, in a folder that the measuring process reads; it does so after every task,
because a pool is ended by a signal and lets nobody say good-bye.
"""

from __future__ import annotations

import copy
import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing.pool import Pool, ThreadPool
from pathlib import Path
from typing import Any

from labkit.core.whole import write_whole
from labkit.profiling.interpreted import interpreted
from labkit.profiling.recorder import Findings, Recorder, code_key

POOL_METHODS = ("apply_async", "_map_async", "imap", "imap_unordered")  # map, starmap and apply go through these
_recorders: dict[str, tuple[Recorder, set[Any]]] = {}  # in a worker: by folder, with the functions explored so far


class Reports:
    """What worker processes recorded. ``own`` folders count as one's own code; reports go to the folder ``place``."""

    def __init__(self, place: str, own: tuple[str, ...]) -> None:
        self.place, self.own = place, own
        self._before: dict[int, Findings] = {}

    def task(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function as a task that is recorded wherever it runs; its answer is its own."""
        return _RecordedTask(function, self.place, self.own)

    @contextmanager
    def of_pools(self) -> Iterator[None]:
        """Within this context, tasks given to a multiprocessing.Pool or a ProcessPoolExecutor are recorded."""
        given = self.task

        def recording(method: Callable[..., Any]) -> Callable[..., Any]:
            def submit(pool: Any, function: Callable[..., Any], /, *rest: Any, **named: Any) -> Any:
                plain = isinstance(pool, ThreadPool) or isinstance(function, _RecordedTask)
                return method(pool, function if plain else given(function), *rest, **named)

            return submit

        methods = [(Pool, name) for name in POOL_METHODS] + [(ProcessPoolExecutor, "submit")]
        before = [getattr(kind, name) for kind, name in methods]
        try:
            for (kind, name), method in zip(methods, before, strict=True):
                setattr(kind, name, recording(method))
            yield
        finally:
            for (kind, name), method in zip(methods, before, strict=True):
                setattr(kind, name, method)

    def forget(self) -> None:
        """Take what was reported so far off at the end: the first call only warms the workers up."""
        self._before = self._read()

    def findings(self) -> dict[int, Findings]:
        """By process, what was recorded since :meth:`forget`; only of processes that recorded anything since."""
        found = {process: _since(now, self._before.get(process)) for process, now in self._read().items()}
        return {process: part for process, part in found.items() if part.hits}

    def _read(self) -> dict[int, Findings]:
        return {int(path.name): pickle.loads(path.read_bytes()) for path in Path(self.place).glob("[0-9]*[0-9]")}


class _RecordedTask:
    """Runs a function under this process's recorder, then writes down everything that the process has recorded."""

    def __init__(self, function: Callable[..., Any], place: str, own: tuple[str, ...]) -> None:
        self.function, self.place, self.own = function, place, own

    def __call__(self, *values: Any, **named: Any) -> Any:
        if self.place not in _recorders:  # this process's first task
            sys.settrace(None)  # a forked worker goes on tracing as the process did that it comes from
            threading.settrace(None)  # type: ignore[arg-type]
            _recorders[self.place] = Recorder(self.own), set()
        recorder, explored = _recorders[self.place]
        with interpreted(self.function) as function:
            call = partial(function, **named) if named else function
            if (name := _name(function)) not in explored:
                explored.add(name)
                recorder.explore(call, copy.deepcopy(values))
            try:
                return recorder.record(call, values)
            finally:
                self._report(recorder)

    def _report(self, recorder: Recorder) -> None:
        found = recorder.findings()
        write_whole(Path(self.place, str(os.getpid())), pickle.dumps(Findings(found.lines, found.sites)))


def _name(function: Any) -> Any:
    """What tells a function from another, also after each was pickled anew: its code, and that of all it was given."""
    if isinstance(function, partial):
        return _name(function.func), *(_name(value) for value in function.args if callable(value))
    return code_key(function) or getattr(function, "__qualname__", type(function))


def _since(now: Findings, before: Findings | None) -> Findings:
    found = Findings(copy.deepcopy(now.lines), now.sites)
    for key, lines in (before.lines if before else {}).items():
        for number, (hits, ns) in lines.items():
            found.lines[key][number][0] -= hits
            found.lines[key][number][1] -= ns
    return found
