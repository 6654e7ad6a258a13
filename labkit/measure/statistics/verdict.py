"""From an interval to a verdict, through two gates.

A difference below one per cent is called none, and a difference is called one only if the whole interval says so::

     ratio        1/1.01        1         1.01
    ----------------|-----------+-----------|---------------> faster
      [--o---]      |           |           |                 slower
                    |     [--o----]         |                 same
                    |           |           |   [----o----]   faster
                    |           |      [----|---o--]          unresolved: it spans a gate
    <---------------|-----------|-----------|---o---------->  unresolved: no finite interval yet

The same interval serves all three claims, so they are wrong together no more often than it misses. Reasons are data;
their words belong to the report.
"""

import math
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from . import inputs
from .order import Floats, Interval

GATE = math.log(1.01)
"""Log ratio beyond which a difference counts: one per cent."""

Flags = NDArray[np.bool_]


class Verdict(StrEnum):
    """What an interval says of a variant beside its baseline."""

    FASTER = "faster"
    SLOWER = "slower"
    SAME = "same"
    UNRESOLVED = "unresolved"


class Reason(StrEnum):
    """Why there is no verdict."""

    NONE = "none"
    SPANS_GATE = "spans_gate"
    TOO_FEW_LAUNCHES = "too_few_launches"
    STOPPED = "stopped"


def claims(low: Floats | float, high: Floats | float, gate: float = GATE) -> tuple[Flags, Flags, Flags]:
    """Which intervals say faster, slower and same; arrays of one shape in, three of that shape out, log scale."""
    return np.asarray(low > gate), np.asarray(high < -gate), np.asarray((low >= -gate) & (high <= gate))


def verdict(interval: Interval, gate: float = GATE, stopped: bool = False) -> tuple[Verdict, Reason]:
    """The verdict on one interval, with the reason where there is none.

    Parameters
    ----------
    interval : on the log scale. gate : log ratio, above 0.
    stopped : the run was ended before its last look; the reason of whatever is unresolved then.
    """
    gate = inputs.positive("gate", gate)
    faster, slower, same = claims(interval.low, interval.high, gate)
    for claimed, said in ((faster, Verdict.FASTER), (slower, Verdict.SLOWER), (same, Verdict.SAME)):
        if claimed:
            return said, Reason.NONE
    if stopped:
        return Verdict.UNRESOLVED, Reason.STOPPED
    finite = math.isfinite(interval.low) and math.isfinite(interval.high)
    return Verdict.UNRESOLVED, Reason.SPANS_GATE if finite else Reason.TOO_FEW_LAUNCHES
