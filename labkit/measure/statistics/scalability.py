"""How speed grows with workers: the Universal Scalability Law, and how little two points tell of it.

With N workers the law has a speed-up over one worker of

    C(N) = N / (1 + sigma (N-1) + kappa N (N-1))

    C ^                         . '          sigma: contention, the share that can't be done side by side (queueing for
      |                    . '    N          a lock, memory bandwidth). Alone it is Amdahl's law: C levels off at 1/sigma.
      |               . '_____               kappa: coherency, what every pair of workers costs each other (sharing
      |           .-'      |    '-.          lines of the cache, exchanging data). With it C falls again beyond
      |       .-'          |        '        N* = sqrt((1-sigma)/kappa).
      |   .-'              |
      +---------+----------+------------> N
      1       cores        N*

Fitted in the form that is linear in both, N/C - 1 = sigma (N-1) + kappa N (N-1), to the medians over launches, each
point weighted by one over its variance (in relative time), sigma and kappa not below 0. Intervals come from resampling
whole launches: the arms of a launch share their baseline and what the machine did, and stay together. The resampled fits
are free, and only the interval's ends are brought back to what the law allows: a resampled fit that is held at 0 itself
covers only 83 to 90 % where the truth is at 0 (Andrews, Econometrica 68, 2000, and simulated here).

With one number of workers N beside 1, sigma and kappa can't be told apart: N/C - 1 is (N-1) (sigma + N kappa). For more
workers M > N the curve with kappa at 0 is then an upper bound and that with sigma at 0 a lower one, for of all laws with
the same sum M/C(M) grows with kappa, by kappa (M-1) (M-N).

Sources: Gunther, "A simple capacity model of massively parallel transaction systems" (CMG 1993); "Guerrilla Capacity
Planning" (2007), chapters 4 to 6 and appendix. Efron & Tibshirani, "An Introduction to the Bootstrap" (1993).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import inputs

Floats = NDArray[np.float64]

RESAMPLES = 4_000
CONFIDENCE = 0.95
FEWEST_LAUNCHES = 9
"""With fewer launches the ends of a resampled median are hardly more than the extremes: no interval."""

MISFIT = math.log(1.03)
"""A curve that is further than that (and than its noise) from the law at some point does not follow it."""

LEAST_SPREAD = 1e-3
"""Relative time below which points are not told apart: keeps one quiet point from outweighing all others."""


class Doubt(StrEnum):
    """What limits a fit; the words belong to the report."""

    TWO_POINTS = "two_points"
    NO_DEGREE_LEFT = "no_degree_left"
    BEYOND_CORES = "beyond_cores"
    SUPERLINEAR = "superlinear"
    MISFIT = "misfit"
    TOO_FEW_LAUNCHES = "too_few_launches"


@dataclass(frozen=True, slots=True)
class Law:
    """The law with its two parameters; both at least 0. A sigma above 1 is slower with every worker added."""

    sigma: float
    kappa: float

    def speedup(self, workers: float) -> float:
        """C(N)."""
        return float(speedups(np.array(self.sigma), np.array(self.kappa), workers))

    @property
    def peak(self) -> float:
        """The number of workers with the greatest speed-up, at least 1; inf where more are always better."""
        return float(peaks(np.array(self.sigma), np.array(self.kappa)))


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval; ends are NaN where there is none, and inf where it has no end."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Scaling:
    """A fitted curve. ``workers`` are the points that it was fitted to, 1 among them (where C is 1 by definition).

    With ``bound`` (two points) the law is not determined: ``law`` has all the loss in sigma, so what it predicts for more
    workers is the most there can be, and ``worst`` has all of it in kappa, the least; the truth is anywhere between.
    ``misfit`` is the greatest distance of a point from the law, as log of a ratio of times.
    """

    law: Law
    workers: tuple[int, ...]
    sigma: Estimate
    kappa: Estimate
    peak: Estimate
    misfit: float
    bound: bool
    worst: Law | None
    doubts: tuple[Doubt, ...]
    resampled: Floats = field(repr=False)

    def predicted(self, workers: float) -> Estimate:
        """The speed-up over one worker that the law gives for a number of workers, with its interval."""
        return _speedup(self.law, self.resampled, workers)

    def least(self, workers: float) -> float | None:
        """With two points: the speed-up if all that is lost were coherency, at the interval's lower end; else None."""
        if self.worst is None:
            return None
        resampled = self.resampled[:, ::-1] / self.workers[-1]  # from sigma alone to kappa alone
        found = _speedup(self.worst, resampled, workers)
        return found.value if math.isnan(found.low) else found.low


def fit_scaling(
    workers: Sequence[int], log_speedups: ArrayLike, cores: int, seed: int = 0, resamples: int = RESAMPLES
) -> Scaling | None:
    """Fit the law to a measured curve; None where only one worker fits into the cores, so that there is nothing to fit.

    Parameters
    ----------
    workers : (points,) different numbers of workers, in any order; 1 may be left out. Those beyond ``cores`` measure
        how the system shares its cores, not what more cores bring: they are left out of the fit.
    log_speedups : (launches, points) log(t_one / t_workers), the median of the launch's rounds, paired in the round.
    cores : how many may be kept busy. seed : of the resampling.

    Raises
    ------
    ValueError : not one column for each number of workers, a number below 1 or twice, NaN or infinite values, no launch.
    """
    counts = np.array([inputs.whole_number("workers", count, 1) for count in workers])
    values = inputs.log_ratios("log_speedups", log_speedups, dimensions=2, nan=False)
    inputs.whole_number("cores", cores, 1)
    if len(set(counts.tolist())) < len(counts) or values.shape[1] != len(counts) or not len(values):
        raise ValueError(
            f"log_speedups has shape {values.shape} for workers {counts.tolist()}; taken is (launches, points), "
            "one launch or more, and one column for each different number of workers"
        )
    inside = np.flatnonzero((counts > 1) & (counts <= cores))
    inside = inside[np.argsort(counts[inside])]
    if not len(inside):
        return None
    used, seen = counts[inside].astype(np.float64), values[:, inside]
    weights = 1.0 / (_spread(seen) ** 2 + LEAST_SPREAD**2)
    bound = len(used) == 1
    sigma, kappa = _fit(used, np.median(seen, axis=0)[None, :], weights, bound)
    law = Law(float(sigma[0]), float(kappa[0]))
    drawn = _resampled(seen, seed, resamples) if len(seen) >= FEWEST_LAUNCHES else np.empty((0, len(used)))
    resampled = np.stack(_fit(used, drawn, weights, bound, free=True), axis=1)
    distance = np.log(speedups(sigma, kappa, used)) - np.median(seen, axis=0)
    misfit = float(np.abs(distance).max())
    return Scaling(
        law,
        (1, *counts[inside].tolist()),
        _estimate(law.sigma, np.maximum(resampled[:, 0], 0.0)),
        _estimate(law.kappa, np.maximum(resampled[:, 1], 0.0)),
        _estimate(law.peak, peaks(resampled[:, 0], resampled[:, 1])),
        misfit,
        bound,
        Law(0.0, law.sigma / float(used[0])) if bound else None,
        tuple(_doubts(used, seen, distance, bound, beyond=bool((counts > cores).any()))),
        resampled,
    )


def speedups(sigma: Floats, kappa: Floats, workers: float | Floats) -> Floats:
    """C(N) elementwise; the arguments broadcast."""
    return np.asarray(workers / (1.0 + sigma * (workers - 1.0) + kappa * workers * (workers - 1.0)))


def peaks(sigma: Floats, kappa: Floats) -> Floats:
    """N* elementwise: at least 1, and inf where kappa is 0 and sigma below 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.sqrt(np.maximum(1.0 - sigma, 0.0) / np.maximum(kappa, 0.0))
    return np.where(sigma >= 1.0, 1.0, np.maximum(found, 1.0))


def _fit(
    workers: Floats, log_speedup: Floats, weights: Floats, bound: bool, free: bool = False
) -> tuple[Floats, Floats]:
    """Least squares for each row of (rows, points); sigma and kappa not below 0 unless free, kappa at 0 for a bound.

    Two parameters need no solver: where the free minimum has a negative one, the minimum lies on an edge.
    """
    loss = workers * np.exp(-log_speedup) - 1.0  # N/C - 1
    weight = weights / (loss + 1.0) ** 2  # relative errors of the time
    x, y = workers - 1.0, workers * (workers - 1.0)
    xx, xy, yy = (weight * x * x).sum(axis=1), (weight * x * y).sum(axis=1), (weight * y * y).sum(axis=1)
    xl, yl = (weight * x * loss).sum(axis=1), (weight * y * loss).sum(axis=1)
    only_sigma = xl / xx if free else np.maximum(xl / xx, 0.0)
    if bound:
        return only_sigma, np.zeros_like(only_sigma)
    only_kappa = np.maximum(yl / yy, 0.0)
    determinant = xx * yy - xy * xy
    sigma, kappa = (yy * xl - xy * yl) / determinant, (xx * yl - xy * xl) / determinant
    gained = [only_sigma * (2.0 * xl - only_sigma * xx), only_kappa * (2.0 * yl - only_kappa * yy)]
    if free:
        return sigma, kappa
    inner, first = (sigma >= 0.0) & (kappa >= 0.0), gained[0] >= gained[1]
    return (
        np.where(inner, sigma, np.where(first, only_sigma, 0.0)),
        np.where(inner, kappa, np.where(first, 0.0, only_kappa)),
    )


def _resampled(values: Floats, seed: int, resamples: int) -> Floats:
    """Medians over launches drawn with replacement: (launches, points) to (resamples, points)."""
    chosen = np.random.default_rng(seed).integers(len(values), size=(resamples, len(values)))
    return np.asarray(np.median(values[chosen], axis=1))


def _spread(values: Floats) -> Floats:
    """The standard error of each point's median over launches, from the median absolute deviation."""
    deviation = 1.4826 * np.median(np.abs(values - np.median(values, axis=0)), axis=0)
    return np.asarray(deviation * math.sqrt(math.pi / 2.0 / len(values)))


def _estimate(value: float, drawn: Floats) -> Estimate:
    """The interval that holds the middle of the draws, and the value. Order statistics, no means of two: some are inf."""
    if not len(drawn):
        return Estimate(value, math.nan, math.nan)
    ordered, tail = np.sort(drawn), int((1.0 - CONFIDENCE) / 2.0 * len(drawn))
    return Estimate(value, min(value, float(ordered[tail])), max(value, float(ordered[-1 - tail])))


def _speedup(law: Law, resampled: Floats, workers: float) -> Estimate:
    """C(N) by way of 1/C, which is linear in the parameters and at least 1/N."""
    inverse = (1.0 + resampled @ [workers - 1.0, workers * (workers - 1.0)]) / workers
    return _estimate(law.speedup(workers), 1.0 / np.maximum(inverse, 1.0 / workers))


def _doubts(workers: Floats, seen: Floats, distance: Floats, bound: bool, beyond: bool) -> list[Doubt]:
    doubts = [Doubt.TWO_POINTS] if bound else [Doubt.NO_DEGREE_LEFT] if len(workers) == 2 else []
    if beyond:
        doubts.append(Doubt.BEYOND_CORES)
    if len(seen) < FEWEST_LAUNCHES:
        doubts.append(Doubt.TOO_FEW_LAUNCHES)
    noise = 3.0 * _spread(seen)
    median = np.median(seen, axis=0)
    if (median - noise > np.log(workers)).any():
        doubts.append(Doubt.SUPERLINEAR)
    elif (np.abs(distance) > np.maximum(MISFIT, noise)).any():
        doubts.append(Doubt.MISFIT)
    return doubts
