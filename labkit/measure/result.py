"""What a measurement found, as plain data. Raw samples and processed figures are different types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from labkit.measure.statistics import Best
from labkit.measure.watch import Seen


class Status(StrEnum):
    """What became of one arm."""

    MEASURED = "measured"
    DIFFERS = "differs"
    UNAVAILABLE = "unavailable"
    CRASHED = "crashed"
    TIMED_OUT = "timed_out"
    TOO_SLOW = "too_slow"


@dataclass
class Row:
    """One arm in one stage × workload table. Seconds, bytes; ``ratio`` is baseline time / variant time; None is unknown.

    ``reason`` says why there is no time or no verdict; ``note`` what else a reader of the figures must know.
    """

    stage: str
    workload: str
    variant: str
    kind: str
    engine: str | None = None
    status: Status = Status.MEASURED
    reason: str | None = None
    threads: int | None = None
    median_s: float | None = None
    device_s: float | None = None
    setup_s: float | None = None
    first_call_s: float | None = None
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None
    verdict: str | None = None
    limit_ratio: float | None = None
    limit_low: float | None = None
    limit_high: float | None = None
    peak_bytes: int | None = None
    items_per_s: float | None = None
    note: str | None = None

    def fail(self, status: Status, reason: str) -> None:
        """It gets no figures of the launches, whatever it had by then."""
        self.status, self.reason, self.verdict = status, reason, None
        self.median_s = self.device_s = self.items_per_s = None
        self.ratio = self.ratio_low = self.ratio_high = None
        self.limit_ratio = self.limit_low = self.limit_high = None

    def tell(self, note: str) -> None:
        """Add what a reader of the row's figures must know."""
        self.note = f"{self.note}; {note}" if self.note else note

    @property
    def arm(self) -> str:
        return arm_of(vars(self))


def arm_of(row: Mapping[Any, Any]) -> str:
    """``variant`` or ``variant@engine`` of a row, as it is stored."""
    variant, engine = row.get("variant"), row.get("engine")  # a stored one may lack them
    return f"{variant}@{engine}" if engine else str(variant)


@dataclass
class Samples:
    """Raw timings, one entry a sample: launch, parent, round, position in it, arm, calls, seconds a call, put aside."""

    arms: tuple[str, ...]
    launches: list[dict[str, Any]] = field(default_factory=list)

    def seconds(self, launch: dict[str, Any]) -> np.ndarray:
        """Seconds a call as (rounds, arms), NaN where an arm did not come in a round."""
        return self._by_round(launch, "seconds", np.nan)

    def put_aside(self, launch: dict[str, Any]) -> np.ndarray:
        """Whether the scheduler put a call aside, as bool (rounds, arms)."""
        return self._by_round(launch, "put_aside", False)

    def _by_round(self, launch: dict[str, Any], column: str, absent: Any) -> np.ndarray:
        columns = launch["samples"]
        table = np.full((int(columns["round"].max()) + 1, len(self.arms)), absent)
        place = np.array([self.arms.index(arm) for arm in launch["arms"]])
        table[columns["round"], place[columns["arm"]]] = columns[column]
        return table


@dataclass
class Table:
    """One stage × workload: its rows, the best of them, its raw samples and how it was measured.

    For the doctor: what each arm's probe noted beside time, and the inputs' files, where the workload says disk.
    """

    stage: str
    workload: str
    baseline: str
    rows: list[Row]
    samples: Samples
    best: Best | None = None
    looks: tuple[int, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    disk_files: list[Path] = field(default_factory=list)
