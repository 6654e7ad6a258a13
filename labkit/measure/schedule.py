"""The order in which arms are timed, and how a budget is laid out. Nothing here reads a clock.

A round times its arms once, in a fresh random permutation:

    round 0   baseline  b  c  slow        every arm, so that each has a sample in each launch
    round 1   c  baseline  b
    round 2   b  c  baseline              an arm much slower than the baseline comes only now and then
    round 3   slow  b  baseline  c

A cyclic order would give an arm always the same neighbour, and with it the same state of the caches.

Quick arms are called several times for one sample, so that the samples of a round are about equally long:

    baseline  |--------------|        14 ms
    quick     |-|-|-|-|-|-|-|         one call takes 2 ms, seven make a sample

The kernel interrupts a CPU at every tick of its timer (250 a second, some 30 µs each, on the machine where this was found).
A call of 14 ms holds three or four ticks, one of 1.4 ms one or none, so its times have two modes, and the median of a few
rounds falls on either: ten times the work came out 0.3 % off, always to the same side. Samples of one length hold as
many ticks and are put aside as often (``results/gauntlet/README.md``). Among quick arms alone a sample lasts about 1 ms, so that
what a call takes hardly depends on which other arms there are.

What a call takes depends on how many make a sample: the first finds caches and freed memory as another arm left them, the
others as it left them itself. So arms that take much the same get the same number of calls, whatever was estimated of each:
identical code in samples of one call and of two was told up to 24 % apart, with intervals that left no room for a doubt
(``results/gauntlet/README.md``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from labkit.measure.statistics import FEWEST_ROUNDS

MOST_LAUNCHES = 25
FEWEST_LAUNCHES = 11  # the fewest whose extremes still make an interval for a family of twenty
MUCH_SLOWER = 4  # an arm whose sample is 4·k times as long as the baseline's comes in every k-th round
SHORTEST_SAMPLE_S = 1e-4  # one reading of the clock costs about 50 ns and an interrupt some microseconds
STEADY_SAMPLE_S = 1e-3  # a first call finds caches as the arm before left them: a tenth of a call of 34 µs
PLENTY_OF_ROUNDS = 10  # 5 in place of 19 made intervals 1.7 times as wide; with 10, launches spread as with 19
MUCH_THE_SAME = (
    3  # times as long: so far apart are estimates of one and the same arm on a machine that others keep busy
)
LONGEST_BATCH_S = 0.02  # five ticks: beyond, one more or less is under 0.2 %


@dataclass(frozen=True)
class Plan:
    """How a table is measured: ``every[arm]`` says in which rounds an arm comes, ``batch[arm]`` calls make one sample.

    ``costs`` are the estimated seconds a call from which it was made.
    """

    launches: int
    slice_s: float
    every: Mapping[str, int]
    batch: Mapping[str, int]
    too_slow: Mapping[str, float]
    costs: Mapping[str, float] = field(default_factory=dict)


def plan_table(costs: Mapping[str, float], baseline: str, budget_s: float, untested: Collection[str] = ()) -> Plan:
    """Lay out a budget over launches, given each arm's estimated seconds a call.

    Arms that would not leave room for ``FEWEST_LAUNCHES`` complete rounds are ``too_slow``, slowest first, each with the
    budget in seconds that would take it in; so are the ``untested``, whose gate was cut short because they were so slow.
    The baseline always stays; a budget too small even for it is stretched. Quick arms' samples are drawn out as far as a launch
    keeps ``PLENTY_OF_ROUNDS``, or half of its rounds, but at least ``FEWEST_ROUNDS``.
    """
    if budget_s <= 0:
        raise ValueError(f"budget_s is {budget_s}; give a positive number of seconds")
    budget_s = max(budget_s, 1.5 * FEWEST_LAUNCHES * costs[baseline])
    batch = {arm: calls_for(SHORTEST_SAMPLE_S, least) for arm, (least, _) in _alike(costs).items()}
    sample = {arm: costs[arm] * batch[arm] for arm in costs}
    kept = dict(sorted(sample.items(), key=lambda item: (item[0] != baseline, item[1])))
    too_slow: dict[str, float] = {}
    for arm in list(kept)[:0:-1]:  # the slowest first, never the baseline
        needed = FEWEST_LAUNCHES * sum(kept.values())
        if needed > budget_s or arm in untested:
            too_slow[arm] = needed
            del kept[arm]
    launches = min(MOST_LAUNCHES, max(FEWEST_LAUNCHES, int(budget_s / sum(kept.values()))))
    slice_s = budget_s / launches
    rounds = slice_s / sum(kept.values())
    length_s = _common_length(kept.values(), slice_s / max(FEWEST_ROUNDS, min(PLENTY_OF_ROUNDS, rounds / 2)))
    spans = _alike({arm: costs[arm] for arm in kept})
    batch = {
        arm: max(calls_for(SHORTEST_SAMPLE_S, low), int(length_s / max(high, 1e-9)))
        for arm, (low, high) in spans.items()
    }
    kept = {arm: costs[arm] * batch[arm] for arm in kept}
    every = {arm: max(1, round(length / kept[baseline] / MUCH_SLOWER)) for arm, length in kept.items()}
    return Plan(launches, slice_s, every, batch, too_slow, costs)


def _alike(costs: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """For each arm the least and the most that the arms cost which take much the same as it.

    Cut apart at the widest gaps, until none of a group costs more than ``MUCH_THE_SAME`` times as much as another.
    """
    order = sorted(costs, key=lambda arm: costs[arm])
    low, high = costs[order[0]], costs[order[-1]]
    if high <= MUCH_THE_SAME * max(low, 1e-9):
        return dict.fromkeys(order, (low, high))
    gaps = [costs[after] / max(costs[before], 1e-9) for before, after in zip(order, order[1:], strict=False)]
    cut = 1 + max(range(len(gaps)), key=gaps.__getitem__)
    halves = order[:cut], order[cut:]
    return {arm: span for half in halves for arm, span in _alike({arm: costs[arm] for arm in half}).items()}


def calls_for(sample_s: float, cost_s: float) -> int:
    """How many calls make a sample of about so many seconds."""
    return max(1, round(sample_s / max(cost_s, 1e-9)))


def _common_length(samples_s: Iterable[float], round_s: float) -> float:
    """The length to which shorter samples are drawn out: the longest's, but 1 to 20 ms, and no more than a round has room for."""
    samples, room = sorted(samples_s), round_s
    wanted = min(max(samples[-1], STEADY_SAMPLE_S), LONGEST_BATCH_S)
    while samples and (length := room / len(samples)) < samples[-1]:
        room -= samples.pop()
    return min(length, wanted)


def permuted_rounds(every: Mapping[str, int], rng: np.random.Generator) -> Iterator[list[str]]:
    """Endless rounds; round 0 holds every arm, round r those with r divisible by ``every[arm]``."""
    number = 0
    while True:
        due = [arm for arm, step in every.items() if number % step == 0]
        yield [due[i] for i in rng.permutation(len(due))]
        number += 1


Timing = tuple[float, float, bool]
"""Seconds a call, seconds a call on the device (NaN without one), and whether the scheduler put the caller aside meanwhile."""


class Executor(Protocol):
    """What times an arm. Tests give one without a clock."""

    def now(self) -> float: ...

    def time(self, arm: str, calls: int) -> Timing:
        """Time so many calls of an arm together."""
        ...


@dataclass(frozen=True)
class Sample:
    """One timed repetition: ``seconds`` a call, over ``calls`` calls; ``position`` is its place in the round."""

    round: int
    position: int
    arm: str
    calls: int
    seconds: float
    device_seconds: float
    put_aside: bool


def run_rounds(
    executor: Executor, plan: Plan, rng: np.random.Generator, keep: Callable[[Sample], None], most_rounds: int = 2000
) -> int:
    """Time rounds until the slice is used up, at least one and at most ``most_rounds``; returns how many were timed."""
    end = executor.now() + plan.slice_s
    rounds = 0
    for number, arms in enumerate(permuted_rounds(plan.every, rng)):
        for position, arm in enumerate(arms):
            keep(Sample(number, position, arm, plan.batch[arm], *executor.time(arm, plan.batch[arm])))
        rounds = number + 1
        if executor.now() >= end or rounds >= most_rounds:
            break
    return rounds
