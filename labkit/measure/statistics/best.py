"""The best arm of a table, named only if it beats every other by more than the gate.

The candidate is the arm whose median lead over its closest rival is the largest. Each rival sets a lower bound of
confidence 1 - alpha/(m-1) on the lead over it, and all of these have to clear the gate::

    log(t_rival / t_best)      0     gate
                               |      |
        numba (runner-up) -----|------|--[----o----- ...    clears the gate
        numpy             -----|------|-----------[---o- ...    clears
        library           -----|------|------------------[----o ...    clears: the best arm is named

    If another arm b is named though a is truly the best, then b's bound against a lies above 0, which it does with
    probability at most alpha/(m-1). There are m-1 such b, so a wrong arm is named with probability at most alpha.

That is multiple comparisons with the best: Hsu, "Multiple Comparisons: Theory and Methods" (1996), chapter 4, with sign
bounds of paired launches for the t bounds. The pairs are measured as pairs: two ratios to the baseline both carry
the noise of the baseline.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from . import inputs
from .looks import interval_at_look
from .order import Floats, Interval
from .verdict import GATE, Reason

Pairs = Mapping[tuple[str, str], ArrayLike] | Callable[[str, str], ArrayLike]


@dataclass(frozen=True, slots=True)
class Best:
    """The arm that leads a table and the one closest to it.

    ``interval`` is that of log(t_runner_up / t_best), of two sides at alpha/(m-1), as the rows of a family have it.
    ``lead`` is the least of the one-sided bounds on the lead over any other arm; the best is decided, and may be named,
    if that is beyond the gate. ``reason`` says why it is not.
    """

    best: str
    runner_up: str
    interval: Interval
    lead: float
    decided: bool
    reason: Reason


def best_of(
    arms: Sequence[str],
    between: Pairs,
    looks: Sequence[int],
    at_look: int | None,
    alpha: float = 0.05,
    gate: float = GATE,
    stopped: bool = False,
) -> Best:
    """Find the best of two or more arms, and whether it may be called so.

    Parameters
    ----------
    arms : names, the baseline among them if it competes.
    between : ``between(a, b)``, or ``between[a, b]``, is (launches,) log(t_a / t_b) in each launch, the median of its
        rounds, in order, NaN where the two did not both run: above 0 where b is the faster. A mapping needs each pair
        one way round.
    looks, at_look, alpha, gate, stopped : as in `compare_family`; alpha is the probability of naming a wrong arm.

    Raises
    ------
    ValueError : fewer than two arms or one of them twice, a pair that is missing, and what `interval_at_look` raises.
    """
    names = list(arms)
    if len(names) < 2 or len(set(names)) < len(names):
        raise ValueError(f"arms is {names!r}; taken are two or more different names")
    share = inputs.fraction("alpha", alpha) / (len(names) - 1)
    gate = inputs.positive("gate", gate)
    leads = np.full((len(names), len(names)), np.inf)  # row: the arm that leads; inf: no rival, as an arm to itself
    bounds = leads.copy()
    for i, j in zip(*np.triu_indices(len(names), 1), strict=True):
        pair = interval_at_look(_lead(between, names[i], names[j]), looks, at_look, share, sides=1)
        leads[i, j], leads[j, i] = (-np.inf, -np.inf) if math.isnan(pair.estimate) else (pair.estimate, -pair.estimate)
        bounds[i, j], bounds[j, i] = pair.low, -pair.high
    first = int(np.argmax(leads.min(axis=1)))
    second = int(np.argmin(leads[first]))
    lead = float(bounds[first].min())
    interval = interval_at_look(_lead(between, names[first], names[second]), looks, at_look, share)
    return Best(names[first], names[second], interval, lead, lead > gate, _reason(lead, gate, stopped))


def _lead(between: Pairs, ahead: str, behind: str) -> Floats:
    """log(t_behind / t_ahead) in each launch."""
    if callable(between):
        return inputs.log_ratios("between", between(behind, ahead))
    if (behind, ahead) in between:
        return inputs.log_ratios("between", between[behind, ahead])
    if (ahead, behind) in between:
        return -inputs.log_ratios("between", between[ahead, behind])
    raise ValueError(f"between has no pair of {behind!r} and {ahead!r}; taken is a mapping with each pair of the arms")


def _reason(lead: float, gate: float, stopped: bool) -> Reason:
    if lead > gate:
        return Reason.NONE
    if stopped:
        return Reason.STOPPED
    return Reason.SPANS_GATE if math.isfinite(lead) else Reason.TOO_FEW_LAUNCHES
