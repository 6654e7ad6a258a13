"""Rounds in which the scheduler put a call aside, and what is left of a launch without them.

On a busy machine a call is now and then interrupted for a slice of some milliseconds in which somebody else runs::

    baseline  |====|      |====|      |==-------==|       - put aside: the clock runs on, the code does not
    variant        |====|      |====|             |====|
    log ratio   0.00        0.00          0.75            the third round tells of the neighbour, not of the code

The kernel counts these interruptions (involuntary context switches, getrusage(2)), so they are known without a look at
the times. A longer call is hit more often than a short one: with both on a busy machine the median over all rounds leans
towards the short one, and an interval around it misses the truth more often than it says. The rounds in which neither
call was put aside have no such lean, and scatter less.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import inputs
from .order import Floats

FEWEST_ROUNDS = 3
"""The fewest undisturbed rounds that stand for a launch; with fewer, all of its rounds do."""


def undisturbed(log_ratios: ArrayLike, put_aside: ArrayLike) -> Floats:
    """The log ratios of the rounds in which no call was put aside; NaN for the others, but in launches with too few left.

    Parameters
    ----------
    log_ratios : (..., rounds) log(t_baseline / t_variant), NaN where the variant was not in the round.
    put_aside : (..., rounds) bool, true where one of the two calls was.

    Raises
    ------
    ValueError : infinite log ratios, or another shape of ``put_aside``.
    """
    ratios = inputs.log_ratios("log_ratios", log_ratios, dimensions=None)
    disturbed: NDArray[np.bool_] = np.asarray(put_aside, dtype=bool)
    if disturbed.shape != ratios.shape:
        raise ValueError(f"put_aside has shape {disturbed.shape}; taken is that of log_ratios, {ratios.shape}")
    left = np.count_nonzero(~disturbed & ~np.isnan(ratios), axis=-1, keepdims=True)
    return np.where(disturbed & (left >= FEWEST_ROUNDS), np.nan, ratios)
