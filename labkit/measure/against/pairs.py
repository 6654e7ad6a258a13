"""What is compared with what, and what a regression is.

Each variant is timed against its own earlier self alone, so that a pair's rounds are complete and share no time with
others; the verdicts of all pairs of a run are one family. Their tables are then shown as one for each workload.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from labkit.measure.against.beside import Beside
from labkit.measure.bench import Measurement, measure, plan_requests
from labkit.measure.limit import LIMIT
from labkit.measure.request import Listener, Request, Settings
from labkit.measure.result import Row, Samples, Status, Table
from labkit.measure.statistics import Verdict

LOST = {Status.DIFFERS, Status.CRASHED, Status.TIMED_OUT, Status.UNAVAILABLE}


def measure_pairs(
    beside: Beside,
    workloads: Sequence[str] | None,
    settings: Settings,
    listener: Listener | None,
) -> Measurement:
    """Measure every pair on every workload; what was found of them is the measurement's ``against``.

    The settings' budget is the measuring time of a workload; its pairs share it equally.
    """
    planned = [plan_requests([beside.stage], [new], workloads, old) for new, old in beside.pairs]
    requests: list[Request] = [request for together in zip(*planned, strict=True) for request in together]
    each = replace(settings, budget_s=settings.budget_s / len(beside.pairs), together=len(requests))
    measurement = measure(requests, each, listener)
    measurement.settings = replace(settings, together=len(requests))
    pairs = dict(beside.pairs)
    lost = [found for table in measurement.tables for found in regressions(table, pairs, measurement.stopped)]
    measurement.tables = joined(measurement.tables, pairs)
    measurement.against = {
        "against": {
            "revision": beside.revision.given,
            "commit": beside.revision.commit,
            "own_libraries": beside.revision.own_libraries,
            "only_now": list(beside.only_now),
            "only_then": list(beside.only_then),
        },
        "regressions": lost,
    }
    return measurement


def regressions(table: Table, pairs: dict[str, str], stopped: bool = False) -> list[dict[str, Any]]:
    """The arms of a table that are slower than their earlier selves, or that have no time any more.

    Slower means: the whole interval of earlier time / time lies below the ±1 % gate.
    """
    rows = {row.arm: row for row in table.rows}
    found = []
    for new, old in pairs.items():
        if new in rows and old in rows and _is_regression(rows[new], rows[old], stopped):
            row = rows[new]
            found.append(
                {
                    "stage": table.stage,
                    "workload": table.workload,
                    "variant": new,
                    "before": old,
                    "status": str(row.status),
                    "reason": row.reason,
                    "ratio": row.ratio,
                    "ratio_low": row.ratio_low,
                    "ratio_high": row.ratio_high,
                }
            )
    return found


def _is_regression(new: Row, old: Row, stopped: bool) -> bool:
    if new.status is Status.UNAVAILABLE and stopped:
        return False  # perhaps it was not tried
    return new.verdict == Verdict.SLOWER or (old.status is Status.MEASURED and new.status in LOST)


def joined(tables: Sequence[Table], pairs: dict[str, str]) -> list[Table]:
    """One table for each workload. An arm's ratio in it is told against its own earlier self, as its ``facts`` say."""
    places: dict[tuple[str, str], list[Table]] = {}
    for table in tables:
        places.setdefault((table.stage, table.workload), []).append(table)
    return [_joined(own, pairs) for own in places.values()]


def _joined(tables: list[Table], pairs: dict[str, str]) -> Table:
    rows = [row for table in tables for row in table.rows]
    samples = Samples((*(row.arm for row in rows), LIMIT))
    for table in tables:
        for launch in table.samples.launches:
            samples.launches.append(launch | {"launch": len(samples.launches)})
    arms = {row.arm for row in rows}
    facts = {name: value for table in tables for name, value in table.facts.items()}
    facts["planned_launches"] = sum(table.facts.get("planned_launches", 0) for table in tables)
    facts["pairs"] = {new: old for new, old in pairs.items() if new in arms}
    best = tables[0].best if len(tables) == 1 else None
    seen = {arm: seen for table in tables for arm, seen in table.seen.items()}
    return replace(tables[0], rows=rows, samples=samples, best=best, facts=facts, seen=seen)
