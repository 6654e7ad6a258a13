"""Identical code against itself, through the same processes, rounds and looks as any table: what can be seen here, now?

::

    log ratio of identical code          x = |middle| + h + h
                                         ---------------------
    0 ..|..[--------o--------]..         how far the interval reaches from none, and its half width once more
        |           |<-- h ->|
        |<--------->|                    a true difference of x moves the interval by x; wherever within its
           middle                        own error (h) it then lies, none is outside of it

So a difference of at least x is told from none as surely as the interval holds (95 %), and a smaller one may stay unseen.
It is on the safe side twice: an interval that is off its middle counts against the machine, and one of a look before the
last, which is wider, is taken for the whole time. The verdicts ``faster`` and ``slower`` ask for the gate on top.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from labkit.core.registry import registry
from labkit.core.stage import define_stage
from labkit.core.variant import define_variant
from labkit.core.workload import Workload
from labkit.diagnosis.finding import Finding, Level
from labkit.engines.arm import ArmName
from labkit.measure.bench import Measurement, measure, wanted_of
from labkit.measure.conclude import provisional
from labkit.measure.request import Listener, Request, Settings
from labkit.measure.result import Row, Table
from labkit.measure.statistics import GATE
from labkit.processes.fleet import Fleet
from labkit.processes.lock import MeasurementLock
from labkit.processes.stop import Stop

NAME = "self-test"  # no function has this name, so no stage of a user's
WORKLOAD = "identical code"
ROWS, COLUMNS = 1536, 1024  # some milliseconds
SUBJECT = "machine"
WORTH_A_NOTE = 0.01  # the gate of the verdicts: a machine that can't see as much decides little


def sums_of_three(image: np.ndarray) -> None:
    """For a uint8 (h, w) image, uint16 (h - 2, w): each pixel with those above and below it. Reads, adds and allocates."""


def work(image: np.ndarray) -> np.ndarray:
    rows = image.astype(np.uint16)
    return rows[:-2] + rows[1:-1] + rows[2:]


def _pixels() -> tuple[np.ndarray]:
    return (np.random.default_rng(1).integers(0, 256, (ROWS, COLUMNS), dtype=np.uint8),)


@dataclass(frozen=True)
class SelfTest:
    """What became of it. ``visible`` is the smallest relative difference that is surely seen in ``budget_s`` measuring seconds.

    ``ratio`` with its interval compares the code with itself; they and ``visible`` are None where there were too few
    launches for an interval. ``verdict`` is labkit's own, of which only ``same`` and ``unresolved`` are right.
    """

    budget_s: float
    launches: int
    planned_launches: int
    stopped: bool
    verdict: str | None
    reason: str | None
    median_s: float | None
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    visible: float | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def self_test(settings: Settings, listener: Listener | None = None) -> SelfTest:
    """Measure identical code against itself for ``settings.budget_s`` seconds; Ctrl-C ends it with what is known by then."""
    request = Request(NAME, WORKLOAD, (ArmName("work"), ArmName("same_work")), "work")
    rng = np.random.default_rng([settings.seed, 1])
    with _stage(), Stop() as stop, MeasurementLock("the self-test"):
        try:
            with Fleet(settings.threads, rng, wanted_of([request])) as fleet:
                measurement = measure([request], settings, listener, fleet)
                if measurement.stopped:
                    stop.ask()  # so that the fleet leaves in a hurry
        except KeyboardInterrupt:  # while it started or left
            measurement = Measurement([], {}, settings, "", stopped=True)
    return conclusion(measurement)


def conclusion(measurement: Measurement) -> SelfTest:
    """What a measurement of the two says. Without a look's decision the interval is that of the launches so far."""
    budget_s = measurement.settings.budget_s
    if not measurement.tables or not measurement.tables[0].samples.launches:
        reason = _failure(measurement.tables)
        return SelfTest(budget_s, 0, 0, measurement.stopped, None, reason, *[None] * 5)
    table = measurement.tables[0]
    judged = _judged(table.rows)
    row = judged if judged.ratio_low is not None else _judged(provisional(table))
    return SelfTest(
        budget_s,
        len(table.samples.launches),
        table.facts["planned_launches"],
        measurement.stopped,
        None if judged.verdict is None else str(judged.verdict),
        judged.reason,
        judged.median_s,
        row.ratio,
        row.ratio_low,
        row.ratio_high,
        visible(row.ratio_low, row.ratio_high),
    )


def visible(low: float | None, high: float | None) -> float | None:
    """The smallest relative difference that is surely seen, from the interval of identical code's ratio: see above."""
    if low is None or high is None:
        return None
    middle, half = abs(math.log(low * high)) / 2, math.log(high / low) / 2
    return math.expm1(middle + 2 * half)


def judge_self_test(found: SelfTest) -> list[Finding]:
    """Whether labkit was right about identical code, and how much can be seen."""
    if found.ratio is None:
        why = "stopped before it had begun" if found.stopped else found.reason or "no launch was timed"
        level = Level.OK if found.stopped else Level.WARNING
        return [Finding("self_test_unanswered", level, SUBJECT, f"no answer: {why}")]
    wrong = found.verdict in ("faster", "slower")
    text = (
        f"identical code is {f'called {found.verdict}' if wrong or found.verdict == 'same' else 'not called different'}"
    )
    if found.ratio_low is not None:
        text += f", {found.ratio:.4f}× [{found.ratio_low:.4f}, {found.ratio_high:.4f}]"
    findings = [Finding("self_test", Level.WARNING if wrong else Level.OK, SUBJECT, text)]
    if found.visible is None:
        few = f"{found.launches} launches are too few to tell what can be seen"
        return [*findings, Finding("few_launches", Level.NOTE, SUBJECT, few)]
    level = Level.NOTE if found.visible > WORTH_A_NOTE else Level.OK
    return [*findings, Finding("resolution", level, SUBJECT, sentence(found))]


def sentence(found: SelfTest) -> str:
    """The verdict on the machine in one line."""
    if found.visible is None:
        return ""
    share = found.launches / found.planned_launches if found.stopped else 1.0
    decided = math.expm1(GATE + math.log1p(found.visible))  # the whole interval beyond the gate
    return (
        f"on this machine now, differences under {_percent(found.visible)} can't be seen "
        f"in {share * found.budget_s:.3g} s of measuring; those from {_percent(decided)} on get a verdict"
    )


def _percent(share: float) -> str:
    """Two digits, rounded up: it is a promise."""
    size = 10.0 ** (math.floor(math.log10(max(100 * share, 1e-3))) - 1)
    value = math.ceil(100 * share / size - 1e-9) * size
    return f"{value:.{max(0, -math.floor(math.log10(size)))}f} %"


def _judged(rows: list[Row]) -> Row:
    return next(row for row in rows if row.variant == "same_work")


def _failure(tables: list[Table]) -> str | None:
    return next((row.reason for table in tables for row in table.rows if row.reason), None)


@contextmanager
def _stage() -> Iterator[None]:
    """The stage stands in the registry while it is measured; processes that start meanwhile get it, and none of the user's."""
    registry.discover()
    loads = [Workload(WORKLOAD, _pixels)]
    stage = define_stage(sums_of_three, reference="work", workloads=loads, name=NAME)
    twins = [define_variant(work, NAME, "numpy", name) for name in ("work", "same_work")]
    brought = registry.brought
    registry.stages[NAME], registry.variants[NAME] = stage, {twin.name: twin for twin in twins}
    registry.brought = [stage, *twins]
    try:
        yield
    finally:
        registry.brought = brought
        del registry.stages[NAME], registry.variants[NAME]
