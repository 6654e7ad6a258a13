"""From tries to the table: how often a harness is wrong, what it sees, and what that costs. Pure functions on recorded tries."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.gauntlet.plan import BASE_ROWS

Z = 1.959964  # of 95 %


@dataclass(frozen=True)
class Share:
    """``count`` of ``tries``, with Wilson's 95 % interval (E. B. Wilson, JASA 22, 1927)."""

    count: int
    tries: int

    @classmethod
    def of(cls, outcomes: Iterable[bool]) -> Share:
        found = list(outcomes)
        return cls(sum(found), len(found))

    @property
    def value(self) -> float:
        return self.count / self.tries if self.tries else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        if not self.tries:
            return 0.0, 1.0
        middle = (self.count + Z * Z / 2) / (self.tries + Z * Z)
        spread = Z / (self.tries + Z * Z) * math.sqrt(self.count * (self.tries - self.count) / self.tries + Z * Z / 4)
        return max(0.0, middle - spread), min(1.0, middle + spread)

    def __str__(self) -> str:
        if not self.tries:
            return "–"
        low, high = self.interval
        digits = int(self.tries >= 100)
        return f"{self.count}/{self.tries} [{100 * low:.{digits}f}–{100 * high:.{digits}f} %]"


@dataclass(frozen=True)
class Line:
    """One harness in one condition with one budget."""

    tool: str
    condition: str
    kernel: str
    budget: str
    false_alarms: Share
    power: Mapping[int, Share]
    coverage: Share
    error: float
    seconds: float
    failed: int


def lines(entries: Iterable[Mapping[str, Any]], truth: Mapping[tuple[str, int], float]) -> list[Line]:
    """One line for each harness, condition, kernel and budget, in the order in which they first come.

    ``truth[kernel, rows]`` is the true ratio of 500 rows' time to that of ``rows``; an effect without one counts for power alone.
    """
    groups: dict[tuple[str, str, str, str], list[Mapping[str, Any]]] = {}
    for entry in entries:
        condition, kernel, _, budget = str(entry["cell"]).split("/")
        groups.setdefault((str(entry["tool"]), condition, kernel, budget), []).append(entry)
    return [_line(*key, group, truth) for key, group in groups.items()]


def _line(
    tool: str,
    condition: str,
    kernel: str,
    budget: str,
    entries: Sequence[Mapping[str, Any]],
    truth: Mapping[Any, float],
) -> Line:
    told = [entry for entry in entries if "failed" not in entry]
    by_rows: dict[int, list[Mapping[str, Any]]] = {}
    for entry in told:
        by_rows.setdefault(int(str(entry["cell"]).split("/")[2]), []).append(entry)
    same = by_rows.pop(BASE_ROWS, [])
    power = {rows: Share(sum(_seen(e, rows) for e in group), len(group)) for rows, group in sorted(by_rows.items())}
    covered, errors = [], []
    for rows, group in [(BASE_ROWS, same), *by_rows.items()]:
        true = 1.0 if rows == BASE_ROWS else truth.get((kernel, rows))
        if true is None:
            continue
        errors += [abs(math.log(entry["ratio"] / true)) for entry in group]
        covered += [
            entry["low"] <= true <= entry["high"] for entry in group if None not in (entry["low"], entry["high"])
        ]
    return Line(
        tool,
        condition,
        kernel,
        budget,
        Share(sum(bool(entry["different"]) for entry in same), len(same)),
        power,
        Share(sum(covered), len(covered)),
        float(np.median(errors)) if errors else math.nan,
        float(np.median([entry["wall_s"] for entry in told])) if told else math.nan,
        len(entries) - len(told),
    )


def _seen(entry: Mapping[str, Any], rows: int) -> bool:
    """Called different, and in the right direction."""
    return bool(entry["different"]) and (entry["ratio"] < 1) == (rows > BASE_ROWS)


def by_interval(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The same try judged by labkit's interval alone, before the gate of ±1 %: different when it leaves out 1."""
    known = entry.get("low") is not None and entry.get("high") is not None
    return {
        **entry,
        "tool": f"{entry['tool']}, interval alone",
        "different": known and not entry["low"] <= 1.0 <= entry["high"],
    }
