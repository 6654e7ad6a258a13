"""Which looks to take, for a number of launches that can be afforded.

A first look is worth having if it is early, costs the last look nothing, and its interval is one a reader can use::

    launches   0 ........ 13 ......... 19 ........... 25
                          |            |              |
          a first look    |       first look:     last look:
          here would be --+     [x_(5), x_(15)]   [x_(8), x_(18)],
          2.2 x as wide         1.36 x as wide    that of a fixed budget

For 25 launches at alpha = 0.05 that search ends at (19, 25) with ranks (5, 8): both looks together cover 0.9512, the
last alone 0.9567, and for normal launches the first is on average 1.36 times as wide as the last. For families
of up to eleven comparisons the last rank stays that of the fixed budget too, so looking costs no power there.
"""

from functools import lru_cache
from statistics import NormalDist

from . import inputs
from .looks import look_ranks
from .order import sign_interval_rank

DEFAULT_LAUNCHES = 25
ALPHA = 0.05
WIDEST = 1.5
"""The first look's interval is at most so many times as wide as the last's, on average, for normal launches."""

LATEST = 0.85
"""A first look after this share of the launches saves too little to be worth a row."""

LEAST_RANK = 2
"""A first look from the smallest to the largest value hangs on one disturbed launch."""


def plan_looks(total: int = DEFAULT_LAUNCHES) -> tuple[int, ...]:
    """The numbers of launches at which a run of ``total`` launches may stop, the last of them ``total``.

    Two looks where an earlier one comes free (see the module), else one. Raises ValueError for a total below 1.
    """
    return _plan(inputs.whole_number("total", total, 1))


@lru_cache(maxsize=256)
def _plan(total: int) -> tuple[int, ...]:
    alone = sign_interval_rank(total, ALPHA)
    for first in range((total + 1) // 2, int(LATEST * total) + 1):
        early, last = look_ranks((first, total), ALPHA)
        if early >= LEAST_RANK and last == alone and _width(first, early) <= WIDEST * _width(total, last):
            return first, total
    return (total,)


def _width(launches: int, rank: int) -> float:
    """Expected width of a sign interval of standard normal launches, in standard deviations.

    By Blom's approximation to normal scores ("Statistical Estimates and Transformed Beta-Variables", 1958); within 2 %
    of the exact width in every plan for up to 60 launches.
    """
    return -2.0 * NormalDist().inv_cdf((rank - 0.375) / (launches + 0.25))
