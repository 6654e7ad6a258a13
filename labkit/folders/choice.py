"""``--engine auto``: measure for a moment, with the folder's own images, and pick.

The images of a round go through every candidate, in random order, all but written; so the candidates are told apart by
the same work at the same time. What is compared is the median over rounds of the ratio to the leader: a noisy moment hits
all of them. A simpler engine is kept when a fancier one gains less than it can be trusted to.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from labkit.core.cpus import cpu_limit
from labkit.engines import open_engine
from labkit.engines.stream import Engine
from labkit.folders.plan import FileTask
from labkit.folders.work import Work, one_image, prepared
from labkit.report import words

AUTO = "auto"
SMALL_S = 4.0  # work of less than this is done before workers have started and been compared
FIRST_S, FIRST_IMAGES = 0.4, 4  # how long one image takes is seen here
ROUNDS, ROUND_S = 3, 0.4  # a round: so many seconds of one core's work for each candidate
MOST_IMAGES = 24  # a round
WORTH = 1.05  # a candidate must be so much faster than a simpler one


@dataclass
class Choice:
    """An engine and its workers; ``measured``: rows of engine, workers and images_per_s; ``reason`` in one line."""

    engine: str
    workers: int
    measured: list[dict[str, Any]] = field(default_factory=list)
    reason: str = ""

    def __str__(self) -> str:
        return self.engine if self.engine == "serial" else f"{self.engine} × {self.workers}"


def choose(
    work: Work, missing: Sequence[FileTask], engines: Sequence[str], workers: int | None, frugal: bool = False
) -> Choice:
    """The fastest of serial, threads and processes with 1 to all CPUs for these images.

    ``engines`` are those that may be taken, ``workers`` is given when only one number may. With ``frugal`` the candidates
    stand one after the other rather than side by side, for the sake of memory. Nothing is written.
    """
    processes = "shared_memory" if "shared_memory" in engines else "processes"
    rehearsal = replace(work, keep=False)
    if len(missing) == 1:
        return (
            Choice("serial", 1, reason="auto: serial, for a single image")
            if "serial" in engines
            else Choice(processes, 1)
        )
    one_s = _seconds_an_image(rehearsal, missing)
    if one_s * len(missing) < SMALL_S and workers is None and "serial" in engines:
        return Choice("serial", 1, reason=f"auto: serial, for about {words.duration(one_s * len(missing))} of work")
    cpus = workers or cpu_limit()
    first = [Choice("serial", 1), Choice("threads", cpus), Choice(processes, cpus)]
    candidates = [
        choice for choice in first if choice.engine in engines and (workers is None or choice.workers == workers)
    ]
    count = max(cpus, min(MOST_IMAGES, len(missing), round(cpus * ROUND_S / max(one_s, 1e-6))))
    measured = _compare(rehearsal, candidates, missing, count, frugal)
    best = _best(measured)
    others = sorted({round(cpus * share) for share in (0.25, 0.5, 0.75)} - {0, 1, cpus}) if workers is None else []
    if best.engine != "serial" and others:
        fewer = [Choice(best.engine, number) for number in others]
        measured |= _compare(rehearsal, [best, *fewer], missing, count, frugal)
        best = _best(measured)
    rows = [
        {"engine": choice.engine, "workers": choice.workers, "images_per_s": rate} for choice, rate in measured.values()
    ]
    told = ", ".join(f"{choice} {_rate(rate)}" for choice, rate in measured.values())
    return Choice(best.engine, best.workers, rows, f"auto: {best}; measured on {count} images: {told}")


def _seconds_an_image(work: Work, missing: Sequence[FileTask]) -> float:
    """The median over a few images here, of those spread over the folder."""
    prepared(work)
    begin, seconds = time.perf_counter(), []
    for task in _spread(missing, FIRST_IMAGES):
        seconds.append(work(task).seconds)
        if time.perf_counter() - begin > FIRST_S:
            break
    return statistics.median(seconds)


def _spread(tasks: Sequence[FileTask], count: int) -> list[FileTask]:
    """So many tasks, evenly spaced, in random order (the same one each time)."""
    places = random.Random(count).sample(range(len(tasks)), min(count, len(tasks)))
    return [tasks[place] for place in places]


Measured = dict[str, tuple[Choice, float]]


def _compare(work: Work, candidates: list[Choice], missing: Sequence[FileTask], count: int, frugal: bool) -> Measured:
    """Images a second of each candidate."""
    tasks = [(task,) for task in _spread(missing, count)]
    seconds: dict[str, list[float]] = {str(choice): [] for choice in candidates}
    if frugal:
        for choice in candidates:
            with _opened(choice, work) as engine:
                seconds[str(choice)] = [_timed(engine, tasks) for _ in range(ROUNDS)]
    else:
        with ExitStack() as stack:
            engines = {str(choice): stack.enter_context(_opened(choice, work)) for choice in candidates}
            order = list(engines)
            for number in range(ROUNDS):
                random.Random(number).shuffle(order)
                for name in order:
                    seconds[name].append(_timed(engines[name], tasks))
    leader = min(seconds.values(), key=statistics.median)
    found = {}
    for choice in candidates:
        ratios = [mine / theirs for mine, theirs in zip(seconds[str(choice)], leader, strict=True)]
        found[str(choice)] = choice, len(tasks) / (statistics.median(leader) * statistics.median(ratios))
    return found


def _opened(choice: Choice, work: Work) -> Engine:
    return open_engine(choice.engine, one_image, choice.workers, once=partial(prepared, work))


def _timed(engine: Engine, tasks: list[tuple[FileTask]]) -> float:
    begin = time.perf_counter()
    for _ in engine.stream(tasks):
        pass
    return time.perf_counter() - begin


def _best(measured: Measured) -> Choice:
    """The fastest; a simpler one, or one with fewer workers, when it is as fast within a few per cent."""
    fastest = max(rate for _, rate in measured.values())
    order = ("serial", "threads")
    simple_first = sorted(
        measured.values(),
        key=lambda row: (order.index(row[0].engine) if row[0].engine in order else len(order), row[0].workers),
    )
    return next(choice for choice, rate in simple_first if rate * WORTH >= fastest)


def _rate(images_per_s: float) -> str:
    return f"{images_per_s:.{0 if images_per_s >= 100 else 1}f}/s"
