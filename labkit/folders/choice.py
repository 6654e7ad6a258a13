"""``--engine auto``: measure for a moment, on the folder's own images, and pick.

What is measured is work that is to be done anyway: each candidate gets images of its own, and nothing is done twice. The
candidates take turns, in random order, over a few rounds; pixels a second are compared, for images differ in size. A
simpler engine is kept when a fancier one gains less than such a measurement can be trusted to.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from labkit.core.cpus import cpu_limit
from labkit.engines import Engine, Outcome
from labkit.folders.drive import Driver, NoRoom
from labkit.folders.plan import FileTask
from labkit.reports import words

AUTO = "auto"
SMALL_S = 4.0  # work of less than this is done before workers have started and been compared
FIRST_S, FIRST_IMAGES = 0.5, 8  # how long an image takes is seen on these
ROUNDS, ROUND_S = 3, 0.5  # a round gives each candidate about so many seconds
MOST_IMAGES = 32  # a round and candidate
WORTH = 1.05  # a candidate must be so much faster than a simpler one

Settle = Callable[[FileTask, Outcome], None]


@dataclass
class EngineChoice:
    """An engine and its workers; ``measured``: rows of engine, workers and images_per_s; ``reason`` in one line."""

    engine: str
    workers: int
    measured: list[dict[str, Any]] = field(default_factory=list)
    reason: str = ""

    def __str__(self) -> str:
        return self.engine if self.engine == "serial" else f"{self.engine} × {self.workers}"


@dataclass
class _Candidate:
    choice: EngineChoice
    engine: Engine | None = None
    pixel_rates: list[float] = field(default_factory=list)
    images: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return statistics.median(self.pixel_rates)


class Chooser:
    """Picks an engine while it works: takes tasks off ``tasks`` and gives ``settle`` what became of each."""

    def __init__(self, driver: Driver, tasks: list[FileTask], settle: Settle) -> None:
        self._driver, self._tasks, self._settle = driver, tasks, settle

    def choose(self, engines: Sequence[str], workers: int | None) -> EngineChoice:
        """The fastest of serial, threads and processes, with 1 to all CPUs.

        ``engines``: those that may be taken; ``workers``: the only number that may.
        """
        processes = next(name for name in ("shared_memory", "processes") if name in engines)
        cpus = workers or cpu_limit()
        one_s = 0.0
        if "serial" in engines:
            random.Random(0).shuffle(self._tasks)  # a sample of the folder, whatever its order
            one_s = self._first()
            left_s = one_s * len(self._tasks)
            if left_s < SMALL_S and workers is None:
                left = f"for about {words.duration(left_s)} of work" if self._tasks else "for so few images"
                return EngineChoice("serial", 1, reason=f"auto: serial, {left}")
        names = [name for name in ("serial", "threads", processes) if name in engines]
        options = [EngineChoice(name, cpus if name != "serial" else 1) for name in names]
        measured = self._compare([choice for choice in options if workers in (None, choice.workers)], one_s)
        best = _best(measured) if measured else EngineChoice(processes, cpus)
        others = sorted({round(cpus * share) for share in (0.25, 0.5, 0.75)} - {0, 1, cpus})
        if measured and best.engine != "serial" and workers is None and others:
            again = self._compare([best, *(EngineChoice(best.engine, number) for number in others)], one_s)
            best = _best(again) if again else best
            measured += again
        return _told(best, measured)

    def _first(self) -> float:
        """Seconds an image takes in this process, the median of a few."""
        seconds: list[float] = []
        begin = time.perf_counter()
        with self._driver.open("serial", 1) as engine:
            while self._tasks and len(seconds) < FIRST_IMAGES and time.perf_counter() - begin < FIRST_S:
                before = time.perf_counter()
                self._send(engine, [self._tasks.pop()])
                seconds.append(time.perf_counter() - before)
        return statistics.median(seconds) if seconds else 0.0

    def _compare(self, options: list[EngineChoice], one_s: float) -> list[_Candidate]:
        """The candidates with what they did; fewer where some did not get to work, none where there is nothing to tell."""
        if len(options) < 2:
            return []
        most = max(choice.workers for choice in options)
        a_round = len(self._tasks) // (2 * len(options))  # at most half of the images are for this
        block = min(MOST_IMAGES, a_round, max(2 * most, round(ROUND_S / max(one_s, 1e-3))))
        if block < most:
            return []
        rounds = max(1, min(ROUNDS, a_round // block))
        candidates = [_Candidate(choice) for choice in options]
        if self._driver.memory_limit is not None:  # side by side they would take more memory than any one of them
            for candidate in candidates:
                try:
                    with self._driver.open(candidate.choice.engine, candidate.choice.workers) as candidate.engine:
                        for _ in range(rounds):
                            self._measure(candidate, block)
                except NoRoom:
                    continue
        else:
            with ExitStack() as stack:
                for candidate in candidates:
                    opened = self._driver.open(candidate.choice.engine, candidate.choice.workers)
                    candidate.engine = stack.enter_context(opened)
                for number in range(rounds):
                    order = random.Random(number).sample(candidates, len(candidates))
                    for candidate in order:
                        self._measure(candidate, block)
        return [candidate for candidate in candidates if candidate.pixel_rates]

    def _measure(self, candidate: _Candidate, images: int) -> None:
        assert candidate.engine is not None
        block = [self._tasks.pop() for _ in range(images)]
        begin = time.perf_counter()
        try:
            pixels = self._send(candidate.engine, block)
        except NoRoom:
            self._tasks += block
            raise
        seconds = time.perf_counter() - begin
        candidate.pixel_rates.append(pixels / seconds)
        candidate.images += images
        candidate.seconds += seconds

    def _send(self, engine: Engine, block: list[FileTask]) -> int:
        """Do a block; returns the pixels of its outputs."""
        pixels = 0
        for task, outcome in self._driver.outcomes(engine, block):
            if outcome.value is not None:
                pixels += outcome.value.pixels * outcome.value.written
            self._settle(task, outcome)
        return pixels


def _best(measured: list[_Candidate]) -> EngineChoice:
    """The fastest; a simpler one, or one with fewer workers, when that is as fast within a few per cent."""
    order = ("serial", "threads", "shared_memory", "processes")
    simple_first = sorted(measured, key=lambda one: (order.index(one.choice.engine), one.choice.workers))
    fastest = max(one.rate for one in measured)
    return next(one.choice for one in simple_first if one.rate * WORTH >= fastest)


def _told(best: EngineChoice, measured: list[_Candidate]) -> EngineChoice:
    best.measured = [
        {
            "engine": one.choice.engine,
            "workers": one.choice.workers,
            "images": one.images,
            "images_per_s": one.images / one.seconds,
            "pixels_per_s": one.rate,
        }
        for one in measured
    ]
    if not measured:
        best.reason = f"auto: {best}; too few images to measure on"
    else:
        rates = ", ".join(f"{one.choice} {one.rate / 1e6:.1f}" for one in measured)
        images = sum(one.images for one in measured)
        best.reason = f"auto: {best}; measured on {images} of the images, in megapixels/s: {rates}"
    return best
