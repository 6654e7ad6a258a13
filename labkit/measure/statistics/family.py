"""The variants of one table against their baseline, as one family.

Every row is one more chance of a false claim, so the rows share alpha (Bonferroni), and *all* intervals of a table
hold together with probability at least 1 - alpha, however the rows depend on each other through their baseline::

    alpha = 0.05 ---+--- 0.05/3   numpy    [----o----]
                    +--- 0.05/3   numba            [--o--]       all three hold: at least 95 %
                    +--- 0.05/3   native                  [-o-]

Source: Hochberg & Tamhane, "Multiple Comparison Procedures" (1987), chapter 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from . import inputs
from .looks import interval_at_look
from .order import Interval
from .verdict import GATE, Reason, Verdict, verdict


@dataclass(frozen=True, slots=True)
class Comparison:
    """One variant beside its baseline: the interval of log(t_baseline / t_variant), and what it says."""

    interval: Interval
    verdict: Verdict
    reason: Reason


def compare_family(
    values: Mapping[str, ArrayLike],
    looks: Sequence[int],
    at_look: int | None,
    alpha: float = 0.05,
    family: int | None = None,
    gate: float = GATE,
    stopped: bool = False,
) -> dict[str, Comparison]:
    """Compare each variant of a table with the baseline, at one look.

    Parameters
    ----------
    values : for each variant (launches,) its `launch_median` in each launch, in order, NaN where it did not run.
    looks : the plan, as of `plan_looks`.
    at_look : the last look reached, 0 for the first; None if the run ended before it.
    alpha : the error of the whole family over all looks.
    family : how many comparisons share alpha; if not given as many as there are variants. To be given where some
        variants of the table have dropped out, for they had their chance as well.
    gate : log ratio beyond which a difference counts.
    stopped : the user ended the run; what no look had decided is unresolved for that reason.

    Returns
    -------
    A comparison for each variant, in the order of ``values``.

    Raises
    ------
    ValueError : fewer values than the look has launches, looks or a look not in the plan, infinite values, a family
        smaller than the number of variants, alpha outside (0, 1), gate not above 0.
    """
    alpha = inputs.fraction("alpha", alpha)
    size = inputs.whole_number("family", len(values) if family is None else family, len(values))
    table: dict[str, Comparison] = {}
    for name, launches in values.items():
        interval = interval_at_look(launches, looks, at_look, alpha / size)
        table[name] = Comparison(interval, *verdict(interval, gate, stopped))
    return table
