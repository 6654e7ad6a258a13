"""A machine without a clock: tables measured in virtual time, beside neighbours that come and go by a seed.

The schedule, the looks, the intervals and the verdicts are those of a real run; only what a call takes is drawn:

    work            what the arm does, with 1 % of noise
    placement       an effect of each arm in each launch, from where its memory lies
    neighbours      on and off as the gauntlet's burners are; two cores are shared, so a call is now and then put aside for
                    a slice of the scheduler, the more often the more of them are at work
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from labkit.measure.conclude import conclude
from labkit.measure.launch import sample_columns
from labkit.measure.limit import LIMIT
from labkit.measure.result import Row, Samples, Table
from labkit.measure.schedule import Sample, Timing, plan_table, run_rounds
from labkit.measure.statistics import plan_looks
from tests.gauntlet.burners import spells

NOISE = 0.01
SLICE_S = 0.003
PUT_ASIDE_PER_S = (2.0, 30.0, 150.0)  # with none, one and two neighbours at work


class VirtualMachine:
    """Times arms in virtual seconds. ``placements[arm]`` is the launch's effect on the log of its time."""

    def __init__(self, seconds: Mapping[str, float], burners: int, seed: int) -> None:
        self.seconds, self.placements = seconds, dict.fromkeys(seconds, 0.0)
        self.rng = np.random.default_rng(seed)
        self.clock = 0.0
        self.neighbours = [self._switches(seed + number) for number in range(burners)]

    def now(self) -> float:
        return self.clock

    def time(self, arm: str, calls: int) -> Timing:
        work = calls * self.seconds[arm] * float(np.exp(self.placements[arm] + NOISE * self.rng.standard_normal()))
        times = self.rng.poisson(work * PUT_ASIDE_PER_S[min(self._at_work(), 2)])
        took = work + float(self.rng.exponential(SLICE_S, times).sum())
        self.clock += took
        return took / calls, float("nan"), bool(times)

    def _switches(self, seed: int) -> list[Any]:
        """Until when a neighbour goes on as it does, whether that is work, and what comes then."""
        return [
            0.0,
            False,
            ((length, busy) for pair in spells("cpu", seed) for length, busy in zip(pair, (True, False), strict=True)),
        ]

    def _at_work(self) -> int:
        for neighbour in self.neighbours:
            while neighbour[0] <= self.clock:
                length, neighbour[1] = next(neighbour[2])
                neighbour[0] += length
        return sum(busy for _, busy, _ in self.neighbours)


def simulated_table(
    seconds: Mapping[str, float], *, budget_s: float, burners: int, seed: int, placement: float = 0.0
) -> Table:
    """Measure arms of so many seconds a call; the first is the baseline. ``placement``: standard deviation of its effect."""
    baseline = next(iter(seconds))
    machine = VirtualMachine(seconds, burners, seed)
    table = Table(
        "simulated",
        "none",
        baseline,
        [Row("simulated", "none", arm, "native", threads=1) for arm in seconds],
        Samples((*seconds, LIMIT)),
    )
    plan = plan_table(seconds, baseline, budget_s)
    table.looks = plan_looks(plan.launches)
    table.facts = {"items": None, "family": max(1, len(seconds) - 1)}
    rng = np.random.default_rng([seed, 1])
    for number in range(plan.launches):
        machine.placements = {arm: placement * rng.standard_normal() for arm in seconds}
        samples: list[Sample] = []
        run_rounds(machine, plan, rng, samples.append)
        table.samples.launches.append(
            {"launch": number, "arms": tuple(seconds), "samples": sample_columns(samples, list(seconds))}
        )
        if number + 1 in table.looks:
            table.facts["look"] = table.looks.index(number + 1)
            if conclude(table, list(seconds)):
                break
    return table
