"""One set of launches: its median and the sign interval around it.

A launch is one process, and yields one value for each variant: the median of its rounds' log(t_baseline / t_variant).
Launches are the independent units, and the figure asked for is the median over launches. Its interval reaches from
the k-th smallest value to the k-th largest, here n = 9 launches and rank k = 2::

              x_(1)   x_(2)     x_(3) x_(4) x_(5)   x_(6) x_(7)      x_(8)       x_(9)
    log ratio --o-------[---------o-----o-----|-------o-----o----------]-----------o------>
                       low                estimate                    high

    Each launch falls below the true median with probability 1/2, so the number S of those below is Bin(n, 1/2) and
    the interval misses only if S <= k-1 (all of it lies above) or n-S <= k-1 (all of it lies below):

        S     0   1 | 2   3   4   5   6   7 | 8   9
              miss  |        covers         |  miss

No distribution is assumed beyond independence, so skewed, bimodal and heavy-tailed launches are covered alike
(ties only widen the cover). Source: David & Nagaraja, "Order Statistics", 3rd edition (2003), section 7.1.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import inputs
from .inputs import Sides

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A median of log ratios over launches, with its interval; unbounded ends are ±inf, no launches give NaN.

    The log scale is the one to compute on: log(t_baseline / t_variant), above 0 where the variant is the faster.
    """

    estimate: float
    low: float
    high: float
    launches: int

    @property
    def ratio(self) -> float:
        """The estimate as baseline time / variant time: 2.0 is twice as fast as the baseline."""
        return math.exp(self.estimate)

    @property
    def ratio_low(self) -> float:
        """The lower end as a ratio of times; 0 where the interval has no finite end."""
        return math.exp(self.low)

    @property
    def ratio_high(self) -> float:
        """The upper end as a ratio of times; inf where the interval has no finite end."""
        return math.exp(self.high)


def launch_medians(log_ratios: ArrayLike) -> Floats:
    """The median over the last axis, (..., rounds) to (...); NaN rounds do not count, none at all gives NaN."""
    ordered = np.sort(inputs.log_ratios("log_ratios", log_ratios, dimensions=None), axis=-1)  # NaN goes last
    if ordered.shape[-1] == 0:
        return np.full(ordered.shape[:-1], np.nan)
    rounds = np.count_nonzero(~np.isnan(ordered), axis=-1, keepdims=True)
    lower = np.take_along_axis(ordered, np.maximum(rounds - 1, 0) // 2, axis=-1)
    upper = np.take_along_axis(ordered, np.minimum(rounds // 2, ordered.shape[-1] - 1), axis=-1)
    return np.asarray((lower + upper)[..., 0] / 2)


def launch_median(log_ratios: ArrayLike) -> float:
    """What one launch says of one variant: the median of its rounds' log ratios, NaN if it never ran there.

    Parameters
    ----------
    log_ratios : (rounds,) log(t_baseline / t_variant) of each round, NaN where the variant was not in the round.

    Raises
    ------
    ValueError : not one-dimensional, or an infinite log ratio (a time of zero).
    """
    return float(launch_medians(inputs.log_ratios("log_ratios", log_ratios)))


def coverage(launches: int, rank: int, sides: Sides = 2) -> float:
    """The exact probability that [x_(rank), x_(launches + 1 - rank)] holds the median.

    With one side: that x_(rank) alone is no more than the median. A rank of 0 has no finite end and always covers.
    Raises ValueError for a rank beyond the middle value.
    """
    launches = inputs.whole_number("launches", launches, 0)
    rank = inputs.whole_number("rank", rank, 0)
    sides = inputs.one_or_two("sides", sides)
    if rank > (launches + 1) // 2:
        raise ValueError(f"rank is {rank}; taken is at most {(launches + 1) // 2}, the middle of {launches} launches")
    missed = sides * sum(math.comb(launches, below) for below in range(rank))
    walks = 1 << launches
    return (walks - missed) / walks


def sign_interval_rank(launches: int, alpha: float, sides: Sides = 2) -> int:
    """The highest rank (narrowest interval) that misses with probability at most ``alpha``; 0 if none does."""
    launches = inputs.whole_number("launches", launches, 0)
    alpha = inputs.fraction("alpha", alpha)
    rank = 0
    while rank < launches // 2 and 1.0 - coverage(launches, rank + 1, sides) <= alpha:
        rank += 1
    return rank


def sign_intervals(values: Floats, rank: int) -> tuple[Floats, Floats, Floats]:
    """Estimate, low and high over the last axis: (..., launches) without NaN to three arrays (...).

    The one place where intervals are read off the ordered launches: the scalar face and the simulation both use it,
    so that what is simulated is what runs. Trusts its input; ``rank`` 0 gives ends at ±inf.
    """
    launches = values.shape[-1]
    ordered = np.sort(values, axis=-1)
    nowhere = np.full(ordered.shape[:-1], np.inf)
    estimate = (ordered[..., (launches - 1) // 2] + ordered[..., launches // 2]) / 2 if launches else nowhere * np.nan
    if rank == 0:
        return estimate, -nowhere, nowhere
    return estimate, ordered[..., rank - 1], ordered[..., launches - rank]


def median_interval(values: ArrayLike, rank: int) -> Interval:
    """The median over launches and its sign interval of the given rank.

    Parameters
    ----------
    values : (launches,) one log ratio for each launch in which the variant ran. NaN is refused: a rank belongs to a
        number of launches, so those without the variant have to go before the rank is chosen.
    rank : which order statistic bounds the interval; 0 for none.

    Raises
    ------
    ValueError : NaN or infinite values, not one-dimensional, or a rank beyond the middle value.
    """
    launches = inputs.log_ratios("values", values, nan=False)
    coverage(launches.size, rank)
    estimate, low, high = sign_intervals(launches, rank)
    return Interval(float(estimate), float(low), float(high), launches.size)
