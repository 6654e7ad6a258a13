"""What every sweep says of one point of its axis: the figures of its row, and what pairs of arms were in each launch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labkit.measure.result import Row, Table
from labkit.measure.statistics import launch_median

ALPHA = 0.05

Between = Callable[[str, str], NDArray[np.float64]]


def paired(table: Table) -> Between:
    """``between(a, b)``: log(t_a / t_b) of each launch of a table, the median of its rounds; NaN where one did not run."""
    seconds = [table.samples.seconds(launch) for launch in table.samples.launches]
    column = {arm: number for number, arm in enumerate(table.samples.arms)}
    return lambda a, b: np.array([launch_median(np.log(s[:, column[a]] / s[:, column[b]])) for s in seconds])


def figures(row: Row) -> dict[str, Any]:
    """The figures of a row, in JSON's types."""
    names = (
        "median_s",
        "device_s",
        "items_per_s",
        "ratio",
        "ratio_low",
        "ratio_high",
        "peak_bytes",
        "setup_s",
        "reason",
    )
    taken = {name: getattr(row, name) for name in names}
    return taken | {"status": str(row.status), "verdict": str(row.verdict) if row.verdict else None}


def finite(value: float) -> float | None:
    """JSON knows no NaN and no infinity."""
    return value if math.isfinite(value) else None
