"""Where one variant overtakes another as the inputs grow.

A run measures some sizes; at each it has log(t_a / t_b) in every launch, paired. Between two neighbouring sizes where
the median changes its sign lies a crossover, put where the straight line in (log size, log ratio) meets 0::

    log(t_a / t_b)
        ^                                   o  b is the faster
        |                           . '
      0 +------------------+-----x--------------------> log size
        |                . '     |
        |   o       o '        crossover, with its interval
        |           a is the faster
           256     512              1080p

The interval comes from resampling the launches of both sizes, which are independent. It says how well the place is
known *if* the line between the two sizes is straight; that it lies between them is what was measured, and even that only
where one of the two is clearly the faster below, and the other above: whoever asks has to look at the verdicts there.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import inputs
from .scalability import CONFIDENCE, FEWEST_LAUNCHES

Floats = NDArray[np.float64]

RESAMPLES = 4_000


@dataclass(frozen=True, slots=True)
class Crossover:
    """Between the sizes number ``after`` and ``after + 1``, at ``size``; from there on the second variant leads if ``up``.

    ``low`` and ``high`` are the interval's ends, NaN with too few launches for one; they don't leave the two sizes.
    """

    after: int
    size: float
    low: float
    high: float
    up: bool


def crossovers(sizes: Sequence[float], log_ratios: Sequence[ArrayLike], seed: int = 0) -> list[Crossover]:
    """Every crossover along the sizes; none where the median never changes its sign.

    Parameters
    ----------
    sizes : rising, above 0. log_ratios : for each size (launches,) log(t_a / t_b), above 0 where b is the faster.
    seed : of the resampling.

    Raises
    ------
    ValueError : sizes that don't rise, not one series a size, an empty series, NaN or infinite values.
    """
    places = [inputs.positive("sizes", size) for size in sizes]
    series = [inputs.log_ratios("log_ratios", values, nan=False) for values in log_ratios]
    if any(b <= a for a, b in zip(places, places[1:], strict=False)):
        raise ValueError(f"sizes is {places}; taken are sizes that rise")
    if len(series) != len(places) or not all(len(values) for values in series):
        raise ValueError(
            f"log_ratios has {len(series)} series; taken is one, not empty, for each of {len(places)} sizes"
        )
    medians = [float(np.median(values)) for values in series]
    rng = np.random.default_rng(seed)
    found = []
    for after in range(len(places) - 1):
        below, above = medians[after], medians[after + 1]
        if (below < 0.0) == (above < 0.0):
            continue
        ends = np.log(places[after]), np.log(places[after + 1])
        low = high = math.nan
        if min(len(series[after]), len(series[after + 1])) >= FEWEST_LAUNCHES:
            low, high = _interval(ends, _medians(series[after], rng), _medians(series[after + 1], rng), above > below)
        size = math.exp(ends[0] + (ends[1] - ends[0]) * below / (below - above))
        low, high = (min(max(end, places[after]), places[after + 1]) if end == end else end for end in (low, high))
        found.append(Crossover(after, size, low, high, above > below))
    return found


def _medians(values: Floats, rng: np.random.Generator) -> Floats:
    return np.asarray(np.median(values[rng.integers(len(values), size=(RESAMPLES, len(values)))], axis=1))


def _interval(ends: tuple[float, float], below: Floats, above: Floats, up: bool) -> tuple[float, float]:
    """A resample in which the sign does not change has its crossover at the end that it would lie beyond."""
    sign = 1.0 if up else -1.0
    first, second = sign * below, sign * above  # crossing upwards
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip(first / (first - second), 0.0, 1.0)
    share = np.where(first >= 0.0, 0.0, np.where(second <= 0.0, 1.0, share))
    ordered, tail = np.sort(share), int((1.0 - CONFIDENCE) / 2.0 * RESAMPLES)
    low, high = (float(np.exp(np.interp(ordered[at], (0.0, 1.0), ends))) for at in (tail, -1 - tail))
    return low, high
