"""Do the intervals cover, and do the verdicts hold? Simulated comparisons through the package's own functions.

    python -m tests.statistics.simulation [--comparisons N] [--seed S]

A simulated comparison is a run as the workbench makes one: 25 launches with 7 rounds each, every arm once a round.
The log time of an arm in a round is the sum of

    speed           what the variant is faster by: the truth to be found
    launch effect   of each arm in each launch, from where its memory landed: normal, skewed, drifting or bimodal, a
                    standard deviation of about 1 to 2 %; the baseline's is half as large, so that a ratio of two
                    skewed effects stays skewed
    machine         drifts within a launch as a random walk; the same for all arms of a round
    timing noise    normal, 0.5 % for each arm and round
    preemption      in 5 % of arm-rounds on its own, in 5 % of rounds for all arms but not equally; Pareto tails

The truth is the population median of a launch's median log ratio: noise of finite rounds moves the median of a skewed
effect a little, so each launch effect is centred by 200,000 launches simulated beforehand.

Everything about intervals is the package's: `launch_medians`, `plan_looks`, `look_ranks`, `sign_intervals`, `claims`,
`compare_family`, `best_of`, and `levels` of series of stored runs. What is simulated is what runs. The exit status is 1 if
a figure is outside its bound.
"""

import argparse
import itertools
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from labkit.measure.statistics import (
    GATE,
    Verdict,
    best_of,
    claims,
    compare_family,
    launch_medians,
    levels,
    look_ranks,
    plan_looks,
    sign_interval_rank,
    sign_intervals,
)

Floats = NDArray[np.float64]

ALPHA = 0.05
ROUNDS = 7
BATCH = 2_000
"""Comparisons drawn at once: bounds the memory."""

EFFECTS = {"none": 0.0, "0.4 %": 0.004, "1 %": 0.01, "2 %": 0.02, "50 %": 0.5, "10x": 9.0}
"""How much faster the variant is; the truth is log1p of it."""

TABLES = {
    "equal": [0.0] * 11,
    "mixed": [0.0, 0.0, 0.004, 0.004, 0.01, 0.01, 0.02, 0.02, 0.5, 0.5, 9.0],
    "distinct": [0.15 * step for step in range(1, 12)],
}
"""Eleven variants beside a baseline: never decided early, seldom, nearly always."""

RACES = {"tied": [0.0, 0.0, -0.01], "one gate ahead": [0.01, 0.0, 0.0], "3 % ahead": [0.03, 0.0, -0.01]}
"""Three variants' speeds where the first is the best, or ties."""


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return rng.normal(0.0, 0.015, shape)


def skewed(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return rng.standard_gamma(1.0, shape) * 0.02


def drifting(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Normal launches on a straight trend over the run, up or down by about half a standard deviation at its ends."""
    trend = np.linspace(-1.0, 1.0, shape[1])[:, None]
    return rng.normal(0.0, 0.015, shape) + trend * rng.normal(0.0, 0.5 * 0.015, (shape[0], 1, *shape[2:]))


def bimodal(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Two placements in memory 3 % apart, the worse in a third of the launches."""
    return rng.normal(0.0, 0.005, shape) + 0.03 * (rng.random(shape) < 0.35)


LAUNCH_EFFECTS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Floats]] = {
    "normal": normal,
    "skewed": skewed,
    "drifting": drifting,
    "bimodal": bimodal,
}


def pareto_delays(rng: np.random.Generator, shape: tuple[int, ...], share: float) -> Floats:
    """Log time lost to preemption: none mostly, else 2 % upwards with a tail of exponent 1.5."""
    delays = np.zeros(shape)
    hits = rng.integers(delays.size, size=rng.binomial(delays.size, share))
    delays.reshape(-1)[hits] = np.log1p(0.02 * (1.0 + rng.pareto(1.5, len(hits))))
    return delays


def log_times(rng: np.random.Generator, kind: str, comparisons: int, launches: int, speeds: Floats) -> Floats:
    """Log times (comparisons, launches, rounds, 1 + variants), the baseline first; speeds are log ratios to it."""
    arms = 1 + len(speeds)
    effect = LAUNCH_EFFECTS[kind](rng, (comparisons, launches, arms))
    effect[:, :, 0] /= 2
    rounds = (comparisons, launches, ROUNDS, 1)
    machine = np.cumsum(rng.normal(0.0, 0.01, rounds), axis=2)
    times = rng.normal(0.0, 0.005, (comparisons, launches, ROUNDS, arms))
    times += pareto_delays(rng, times.shape, 0.05)
    shared = pareto_delays(rng, rounds, 0.05)
    struck = shared[..., 0] > 0
    times[struck] += shared[struck] * rng.uniform(0.5, 1.5, (np.count_nonzero(struck), arms))
    times += machine
    times += effect[:, :, None, :]
    times[..., 1:] -= speeds
    return times


def launch_values(times: Floats) -> Floats:
    """One value a launch: log times (comparisons, launches, rounds, arms) to (comparisons, variants, launches)."""
    return np.swapaxes(launch_medians(np.moveaxis(times[..., :1] - times[..., 1:], 2, -1)), 1, 2)


@cache
def centre(seed: int, kind: str, launches: int) -> float:
    """The population median of a launch's value where no variant is faster, from 200,000 launches."""
    rng = np.random.default_rng((seed, 0, list(LAUNCH_EFFECTS).index(kind)))
    return float(np.median(launch_values(log_times(rng, kind, 200_000 // launches, launches, np.zeros(1)))))


def batches(
    seed: int, kind: str, comparisons: int, launches: int, speeds: Floats, cell: tuple[int, ...]
) -> Iterator[Floats]:
    rng = np.random.default_rng((seed, 1 + list(LAUNCH_EFFECTS).index(kind), *cell))
    while comparisons > 0:
        yield log_times(rng, kind, min(comparisons, BATCH), launches, speeds)
        comparisons -= BATCH


@dataclass(frozen=True, slots=True)
class Looked:
    """What many comparisons of one table say: arrays (comparisons, variants), but ``early`` (comparisons,)."""

    fixed_covers: NDArray[np.bool_]
    covers: NDArray[np.bool_]
    every_look_covers: NDArray[np.bool_]
    fixed_width: Floats
    width: Floats
    faster: NDArray[np.bool_]
    slower: NDArray[np.bool_]
    same: NDArray[np.bool_]
    early: NDArray[np.bool_]


def look_at(values: Floats, truth: Floats) -> Looked:
    """Look at (comparisons, variants, launches) until all variants of a comparison are decided, or to the last look."""
    looks = plan_looks(values.shape[-1])
    share = ALPHA / values.shape[1]
    truths = truth[None, :]
    _, low, high = sign_intervals(values, sign_interval_rank(looks[-1], share))
    fixed_covers, fixed_width = (low <= truths) & (truths <= high), high - low
    every = np.ones(values.shape[:2], bool)
    stopped = np.zeros(len(values), bool)
    at = np.zeros(len(values), int)
    ends = []
    for index, (look, rank) in enumerate(zip(looks, look_ranks(looks, share), strict=True)):
        _, low, high = sign_intervals(values[..., :look], rank)
        ends.append((low, high))
        every &= (low <= truths) & (truths <= high)
        at[~stopped] = index
        stopped |= np.logical_or.reduce(claims(low, high)).all(axis=1)
    low, high = (np.choose(at[:, None], [end[side] for end in ends]) for side in (0, 1))
    faster, slower, same = claims(low, high)
    covers = (low <= truths) & (truths <= high)
    return Looked(
        fixed_covers, covers, every, fixed_width, high - low, faster, slower, same, (at < len(looks) - 1) & stopped
    )


def joined(parts: Iterable[Looked]) -> Looked:
    listed = list(parts)
    return Looked(*(np.concatenate([getattr(part, name) for part in listed]) for name in Looked.__slots__))


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the table, with the range it has to lie in; ``of`` is the number of trials behind a proportion."""

    cell: str
    name: str
    value: float
    least: float = -math.inf
    most: float = math.inf
    of: int = 0

    def holds(self, sigmas: float) -> bool:
        """Within its range, widened by so many standard errors of a proportion at the range's end."""
        if math.isnan(self.value):
            return True
        return self.least - self._slack(self.least, sigmas) <= self.value <= self.most + self._slack(self.most, sigmas)

    def _slack(self, bound: float, sigmas: float) -> float:
        return sigmas * math.sqrt(bound * (1.0 - bound) / self.of) if self.of and 0.0 < bound < 1.0 else 0.0


def two_arms(comparisons: int, seed: int, launches: int) -> Iterator[Figure]:
    """One variant beside its baseline, for every effect and every kind of launch effect."""
    for kind, (number, (effect, faster_by)) in itertools.product(LAUNCH_EFFECTS, enumerate(EFFECTS.items())):
        speed = np.log1p(np.array([faster_by]))
        truth = speed + centre(seed, kind, launches)
        times = batches(seed, kind, comparisons, launches, speed, (1, number))
        # Times less the centre, so that the gates too see the truth where the effect says it is.
        seen = joined(look_at(launch_values(part) - (truth - speed)[None, :, None], speed) for part in times)
        cell, n = f"{kind:9}{effect}", comparisons
        early = seen.early
        yield Figure(cell, "fixed covers", seen.fixed_covers.mean(), 0.94, 0.975, n)
        yield Figure(cell, "looks cover", seen.covers.mean(), 0.94, 1.0, n)
        yield Figure(cell, "each look", seen.every_look_covers.mean(), 0.94, 1.0, n)
        yield Figure(cell, "width", seen.width.mean() / seen.fixed_width.mean(), most=1.5)
        enough = np.count_nonzero(early) >= 100
        width_early = seen.width[early].mean() / seen.fixed_width.mean() if enough else math.nan
        yield Figure(cell, "w. early", width_early, most=1.5)
        yield Figure(cell, "early", early.mean())
        beyond = speed[0] > GATE
        false = (seen.slower if beyond else seen.faster | seen.slower).mean()
        yield Figure(cell, "false", false, most=ALPHA, of=n)
        yield Figure(cell, "faster", seen.faster.mean())
        yield Figure(cell, "same", seen.same.mean(), most=ALPHA if beyond else math.inf, of=n)


def twelve_arms(comparisons: int, seed: int, launches: int) -> Iterator[Figure]:
    """Eleven variants beside one baseline: do all their intervals hold at once?"""
    for kind, (number, (table, faster_by)) in itertools.product(LAUNCH_EFFECTS, enumerate(TABLES.items())):
        speeds = np.log1p(np.array(faster_by))
        offset = centre(seed, kind, launches)
        times = batches(seed, kind, comparisons, launches, speeds, (2, number))
        seen = joined(look_at(launch_values(part) - offset, speeds) for part in times)
        cell, n = f"{kind:9}{table}", comparisons
        yield Figure(cell, "fixed covers", seen.fixed_covers.all(axis=1).mean(), 0.95, 1.0, n)
        yield Figure(cell, "looks cover", seen.covers.all(axis=1).mean(), 0.95, 1.0, n)
        yield Figure(cell, "each look", seen.every_look_covers.all(axis=1).mean(), 0.95, 1.0, n)
        yield Figure(cell, "width", seen.width.mean() / seen.fixed_width.mean())
        yield Figure(cell, "early", seen.early.mean())
        within = np.abs(speeds) <= GATE
        false = ((seen.faster & within) | seen.slower | (seen.same & ~within)).any(axis=1)
        yield Figure(cell, "false", false.mean(), most=ALPHA, of=n)


def absences(comparisons: int, seed: int, launches: int) -> Iterator[Figure]:
    """A variant that did not run in a fifth of the launches, through `compare_family` itself."""
    looks = plan_looks(launches)
    for kind, (number, effect) in itertools.product(LAUNCH_EFFECTS, enumerate(("2 %", "50 %"))):
        speed = np.log1p(np.array([EFFECTS[effect]]))
        offset = centre(seed, kind, launches)
        absent = np.random.default_rng((seed, 9, number))
        covers = named = ran = 0
        for times in batches(seed, kind, comparisons, launches, speed, (4, number)):
            values = launch_values(times)[:, 0] - offset
            values[absent.random(values.shape) < 0.2] = np.nan
            for series in values:
                for at_look in range(len(looks)):
                    found = compare_family({"variant": series}, looks, at_look, ALPHA)["variant"]
                    if found.verdict is not Verdict.UNRESOLVED:
                        break
                covers += found.interval.low <= speed[0] <= found.interval.high
                named += found.verdict is Verdict.FASTER
                ran += found.interval.launches
        cell, n = f"{kind:9}{effect}", comparisons
        yield Figure(cell, "looks cover", covers / n, 0.94, 1.0, n)
        yield Figure(cell, "faster", named / n)
        yield Figure(cell, "launches", ran / n)


def races(comparisons: int, seed: int, launches: int) -> Iterator[Figure]:
    """Three variants and the baseline through `best_of` itself: is a wrong arm named, how often is the right one?"""
    looks = plan_looks(launches)
    names = ["baseline", "a", "b", "c"]
    for kind, (number, (race, faster_by)) in itertools.product(LAUNCH_EFFECTS, enumerate(RACES.items())):
        speeds = np.log1p(np.array(faster_by))
        offset = np.array([centre(seed, kind, launches), 0.0, 0.0, 0.0])
        named = wrong = early = 0
        for times in batches(seed, kind, comparisons, launches, speeds, (3, number)):
            centred = times - offset
            pairs = {
                (names[i], names[j]): launch_medians(centred[..., i] - centred[..., j])
                for i, j in itertools.combinations(range(len(names)), 2)
            }
            for index in range(len(times)):
                own = {pair: values[index] for pair, values in pairs.items()}
                for at_look in range(len(looks)):
                    found = best_of(names, own, looks, at_look, ALPHA)
                    if found.decided:
                        break
                named += found.decided
                wrong += found.decided and (race == "tied" or found.best != "a")
                early += found.decided and at_look < len(looks) - 1
        cell, n = f"{kind:9}{race}", comparisons
        yield Figure(cell, "wrong", wrong / n, most=ALPHA, of=n)
        yield Figure(cell, "named", named / n)
        yield Figure(cell, "early", early / n)


def remembering(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Normal noise that keeps 0.3 of that of the run before."""
    noise = rng.normal(size=shape)
    for run in range(1, shape[1]):
        noise[:, run] += 0.3 * noise[:, run - 1]
    return noise


RUN_NOISES: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Floats]] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "Laplace": lambda rng, shape: rng.laplace(0.0, math.sqrt(0.5), shape),
    "t of 3": lambda rng, shape: rng.standard_t(3, shape) / math.sqrt(3.0),
    "skewed": lambda rng, shape: rng.standard_gamma(1.0, shape),
    "bimodal": lambda rng, shape: bimodal(rng, shape) / 0.0152,
    "keeps 0.3": lambda rng, shape: remembering(rng, shape) * math.sqrt(1.0 - 0.3**2),
}
"""The noise of one stored run beside the next, of a standard deviation of 1."""

STORED_RUNS = (8, 12, 30)


def borders(series: Floats, widths: Floats) -> list[list[int]]:
    """Where `levels` sees steps in each of (comparisons, runs)."""
    return [[level.first for level in levels(one, its)[1:]] for one, its in zip(series, widths, strict=True)]


def stored_runs(comparisons: int, seed: int, launches: int) -> Iterator[Figure]:
    """Series of stored runs: is one without a step left whole, with a run that was disturbed too, and is a step found?

    A step is of five standard deviations, after three fifths of the runs, and found if it alone is, within a run of its
    place; a disturbed run is off by a hundred.
    """
    for (number, (kind, noise)), runs in itertools.product(enumerate(RUN_NOISES.items()), STORED_RUNS):
        rng = np.random.default_rng((seed, 5, number, runs))
        series, widths = noise(rng, (comparisons, runs)), rng.uniform(0.5, 2.0, (comparisons, runs))
        disturbance = np.zeros(series.shape)
        struck = np.arange(comparisons), rng.integers(runs, size=comparisons)
        disturbance[struck] = rng.choice((-100.0, 100.0), comparisons)
        at = (3 * runs) // 5
        step = 5.0 * (np.arange(runs) >= at)
        cell, n = f"{kind:11}{runs} runs", comparisons
        for name, values in (("whole", series), ("one disturbed", series + disturbance)):
            yield Figure(cell, name, float(np.mean([not seen for seen in borders(values, widths)])), 0.95, of=n)
        for name, values in (("step found", series + step), ("and disturbed", series + step + disturbance)):
            right = [len(seen) == 1 and abs(seen[0] - at) <= 1 for seen in borders(values, widths)]
            yield Figure(cell, name, float(np.mean(right)))


PARTS: dict[str, tuple[Callable[[int, int, int], Iterator[Figure]], float]] = {
    "Two arms": (two_arms, 1.0),
    "An arm absent from a fifth of the launches": (absences, 1.0),
    "Twelve arms, all intervals at once": (twelve_arms, 1.0),
    "Which is best of four arms": (races, 0.25),
    "Steps over stored runs": (stored_runs, 0.05),
}
"""What is simulated, and the share of the comparisons it gets."""


def show(figures: list[Figure], sigmas: float) -> None:
    names = list(dict.fromkeys(figure.name for figure in figures))
    print(" " * 25 + "".join(f"{name:>14}" for name in names))
    for cell, row in itertools.groupby(figures, key=lambda figure: figure.cell):
        marks = [f"{figure.value:.4f}" + (" " if figure.holds(sigmas) else "!") for figure in row]
        print(f"{cell:25}" + "".join(f"{mark:>14}" for mark in marks))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.statistics.simulation", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--comparisons", type=int, default=10_000, help="simulated comparisons for each cell")
    parser.add_argument("--seed", type=int, default=20_240_611)
    options = parser.parse_args(arguments)
    launches = plan_looks()[-1]
    looks = plan_looks(launches)
    print(f"seed {options.seed}, looks {looks}, ranks {look_ranks(looks, ALPHA)}; '!' is outside its bound")
    # The bounds of two arms are taken exactly at 10,000 comparisons and more; with fewer, and for "minus Monte-Carlo
    # error" of the others, the bounds of proportions widen by standard errors.
    failed = False
    for title, (part, share) in PARTS.items():
        began, comparisons = time.monotonic(), max(1, int(share * options.comparisons))
        sigmas = 4.0 if options.comparisons < 10_000 else 0.0 if part in (two_arms, absences) else 3.0
        figures = list(part(comparisons, options.seed, launches))
        print(f"\n{title}: {comparisons} comparisons a row, {time.monotonic() - began:.0f} s")
        show(figures, sigmas)
        failed |= not all(figure.holds(sigmas) for figure in figures)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
