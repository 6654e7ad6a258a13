"""Several looks at the launches as they come, with the error spent over them.

The number S of launches below the true median is a walk that steps up by 0 or 1, each with probability 1/2. An
interval of rank k covers while at least k launches lie on either side of the median, so a table of looks and ranks is
a row of gates, here (n1, k1) = (6, 1) and (n2, k2) = (10, 2)::

      S
     10 |                    x   a look misses where the walk stands on x,
      9 |                    x   and is counted as missed from there on
      8 |                    .
      7 |                    .   P(never missed) = paths through every gate
      6 |            x       .                     ------------------------
      5 |            .       .                            2 ** n2
      4 |            .       .
      3 |            .       .
      2 |            .       .
      1 |            .       x
      0 +-----o------x-------x------> launches
              3      6       10

The paths are counted launch by launch in whole numbers, so the joint coverage is exact, whatever rule stops the run.
Ranks are chosen look by look, each as high as the error allowed so far lets it be. The allowance is an error-spending
function of the launches seen (Lan & DeMets, Biometrika 70, 1983), the power family of Kim & DeMets (Biometrika 74,
1987) with exponent 2: early looks get little, the last one nearly all.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from . import inputs
from .inputs import Sides
from .order import Interval, median_interval

SPENDING_POWER = 2


def spending(looks: Sequence[int]) -> tuple[float, ...]:
    """The share of alpha that may be spent up to each look; 1 at the last."""
    numbers = inputs.planned_looks("looks", looks)
    return tuple((look / numbers[-1]) ** SPENDING_POWER for look in numbers)


def joint_coverage(looks: Sequence[int], ranks: Sequence[int], sides: Sides = 2) -> float:
    """The exact probability that the intervals at all looks hold the median, for independent continuous launches.

    Parameters
    ----------
    looks : numbers of launches that never fall. ranks : one for each look; 0 where there is no finite interval.

    Raises
    ------
    ValueError : falling looks, another number of ranks, or a rank beyond the middle of its look.
    """
    counts = inputs.launch_counts("looks", looks)
    sides = inputs.one_or_two("sides", sides)
    levels = [inputs.whole_number("ranks", rank, 0) for rank in ranks]
    if len(levels) != len(counts) or any(rank > (count + 1) // 2 for rank, count in zip(levels, counts, strict=False)):
        raise ValueError(f"ranks is {tuple(ranks)!r}; taken is, for each of looks {counts}, a rank up to its middle")
    paths, walked = [1], 0
    for count, rank in zip(counts, levels, strict=True):
        paths = _through_gate(_walk(paths, count - walked), rank, sides)
        walked = count
    return sum(paths) / (1 << walked)


def look_ranks(
    looks: Sequence[int], alpha: float, sides: Sides = 2, spend: Sequence[float] | None = None
) -> tuple[int, ...]:
    """The ranks of the intervals at each look, whose joint miss probability stays within alpha at the last.

    Parameters
    ----------
    looks : numbers of launches that never fall.
    alpha : the error of all looks together.
    sides : 2 for an interval, 1 for a lower bound alone.
    spend : the share of alpha that may be used up to each look, never falling, at most 1; `spending` if not given. To
        be given for a variant that ran in fewer launches than planned: its own counts, the plan's shares.

    Returns
    -------
    One rank a look, 0 where no finite interval is to be had yet. The ranks of early looks do not depend on later
    looks but through ``spend``. Raises ValueError for looks, alpha, sides or spend other than that.
    """
    counts = inputs.launch_counts("looks", looks)
    shares = spending(counts) if spend is None else tuple(float(share) for share in spend)
    if len(shares) != len(counts) or list(shares) != sorted(shares) or shares[0] < 0.0 or shares[-1] > 1.0:
        raise ValueError(
            f"spend is {shares!r}; taken is, for each of looks {counts}, a share from 0 to 1, never falling"
        )
    return _ranks(counts, inputs.fraction("alpha", alpha), inputs.one_or_two("sides", sides), shares)


def interval_at_look(
    values: ArrayLike, looks: Sequence[int], at_look: int | None, alpha: float, sides: Sides = 2
) -> Interval:
    """The interval of one variant at a look, by the looks of its own counts where it missed launches.

    Parameters
    ----------
    values : (launches,) log ratios in the order the launches came, NaN where the variant did not run; those beyond the
        look are left out. looks : the plan. at_look : 0 for the first look; None before any look has been reached,
        which gives an estimate of all values and no finite interval. alpha, sides : as in `look_ranks`.

    Raises
    ------
    ValueError : fewer values than the look has launches, a look that is not in the plan, infinite values.
    """
    plan = inputs.planned_looks("looks", looks)
    launches = inputs.log_ratios("values", values)
    if at_look is None:
        return median_interval(launches[~np.isnan(launches)], 0)
    if inputs.whole_number("at_look", at_look, 0) >= len(plan):
        raise ValueError(f"at_look is {at_look!r}; taken is 0 to {len(plan) - 1}, or None before the first look")
    if launches.size < plan[at_look]:
        raise ValueError(f"values has {launches.size} launches at look {at_look}; taken is at least {plan[at_look]}")
    ran = ~np.isnan(launches)
    counts = [int(np.count_nonzero(ran[:look])) for look in plan[: at_look + 1]]
    rank = look_ranks(counts, alpha, sides, spending(plan)[: at_look + 1])[-1]
    return median_interval(launches[: plan[at_look]][ran[: plan[at_look]]], rank)


@lru_cache(maxsize=4096)
def _ranks(counts: tuple[int, ...], alpha: float, sides: Sides, shares: tuple[float, ...]) -> tuple[int, ...]:
    ranks: list[int] = []
    paths, walked = [1], 0
    for count, share in zip(counts, shares, strict=True):
        paths = _walk(paths, count - walked)
        walked, rank = count, 0
        while rank < count // 2 and _missed(_through_gate(paths, rank + 1, sides)) <= alpha * share:
            rank += 1
        paths = _through_gate(paths, rank, sides)
        ranks.append(rank)
    return tuple(ranks)


def _walk(paths: list[int], launches: int) -> list[int]:
    """Paths to each number of launches below the median, some launches later."""
    for _ in range(launches):
        paths = [stay + up for stay, up in zip([*paths, 0], [0, *paths], strict=True)]
    return paths


def _through_gate(paths: list[int], rank: int, sides: Sides) -> list[int]:
    """The paths on which an interval of this rank covers; the others end here."""
    last = len(paths) - 1 - (rank if sides == 2 else 0)
    return [count if rank <= below <= last else 0 for below, count in enumerate(paths)]


def _missed(paths: list[int]) -> float:
    walks = 1 << (len(paths) - 1)
    return (walks - sum(paths)) / walks
