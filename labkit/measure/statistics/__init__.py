"""The statistics of the workbench: from the log ratios of rounds to verdicts, as pure functions on numbers.

::

    rounds --undisturbed, launch_median--> one value a launch --interval_at_look--> interval --verdict--> faster, slower, same
                                                        |                                    or unresolved
    plan_looks --> looks --look_ranks--> ranks ---------+

One idea a file: `order` (one set of launches), `looks` (stopping early), `plan` (which looks), `verdict` (the gates),
`family` (a table's rows together), `best` (the winner); for sweeps `scalability` (speed over workers) and `crossover`
(speed over size); and for what is stored `steps` (levels over many runs). Each opens with a picture of its method and its
source. That the figures are right is shown by ``python -m tests.statistics.simulation``.
"""

from .best import Best, best_of
from .family import Comparison, compare_family
from .looks import interval_at_look, joint_coverage, look_ranks, spending
from .order import (
    Interval,
    coverage,
    launch_median,
    launch_medians,
    median_interval,
    sign_interval_rank,
    sign_intervals,
)
from .plan import DEFAULT_LAUNCHES, plan_looks
from .steps import Level, levels
from .undisturbed import FEWEST_ROUNDS, undisturbed
from .verdict import GATE, Reason, Verdict, claims, verdict

__all__ = [
    "DEFAULT_LAUNCHES",
    "FEWEST_ROUNDS",
    "GATE",
    "Best",
    "Comparison",
    "Interval",
    "Level",
    "Reason",
    "Verdict",
    "best_of",
    "claims",
    "compare_family",
    "coverage",
    "interval_at_look",
    "joint_coverage",
    "launch_median",
    "launch_medians",
    "levels",
    "look_ranks",
    "median_interval",
    "plan_looks",
    "sign_interval_rank",
    "sign_intervals",
    "spending",
    "undisturbed",
    "verdict",
]
