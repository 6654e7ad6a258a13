"""What the tables of a sweep over sizes say: a curve for each variant, and where one overtakes another."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from labkit.measure.bench import Measurement
from labkit.measure.result import Table
from labkit.measure.statistics import interval_at_look, verdict
from labkit.measure.statistics.crossover import crossovers
from labkit.measure.sweep.points import ALPHA, figures, finite, paired


def size_facts(measurement: Measurement) -> dict[str, Any]:
    """``workloads`` in order of their size, ``curves`` (one an arm), and ``crossovers``, of which those that the verdicts
    at both neighbouring sizes confirm are ``decided``."""
    tables = [table for table in measurement.tables if table.samples.launches]
    unit, sizes = size_of(tables)
    ordered = sorted(zip(sizes, tables, strict=True), key=lambda pair: pair[0])
    return {
        "unit": unit,
        "workloads": [{"workload": t.workload, "size": size, "items": t.facts.get("items")} for size, t in ordered],
        "curves": _curves(ordered, measurement.tables),
        "crossovers": _crossings(ordered, measurement.settings.seed),
    }


def size_of(tables: Sequence[Table]) -> tuple[str, list[float]]:
    """What tells these workloads apart in size, and each one's: bytes an item, bytes, items, or the place in the list.

    For a stage over many images the bytes of one image: 64 small ones are not as large as a big one.
    """
    floors = [table.facts.get("floor_bytes") for table in tables]
    items = [table.facts.get("items") for table in tables]
    inputs = [table.facts.get("input_bytes") for table in tables]
    if not all(floors):
        floors = inputs
    each = [floor / count if floor and count else None for floor, count in zip(floors, items, strict=True)]
    for unit, sizes in (("bytes an item", each), ("bytes", floors), ("items", items)):
        known = [float(size) for size in sizes if size]
        if len(known) == len(tables) and len(set(known)) == len(known):
            return unit, known
    return "place", [float(place) for place in range(1, len(tables) + 1)]


def _curves(ordered: Sequence[tuple[float, Table]], tables: Sequence[Table]) -> list[dict[str, Any]]:
    """One curve an arm, in the order of the first table; an arm without a time somewhere has its reason there."""
    places = [*ordered, *((None, table) for table in tables if not table.samples.launches)]
    arms = [row.arm for row in tables[0].rows] if tables else []
    curves = []
    for arm in arms:
        points = []
        for size, table in places:
            row = next(row for row in table.rows if row.arm == arm)
            items = table.facts.get("items")
            each = row.median_s / items if row.median_s is not None and items else None
            points.append({"workload": table.workload, "size": size, "item_s": each} | figures(row))
        curves.append({"arm": arm, "points": points})
    return curves


def _crossings(ordered: Sequence[tuple[float, Table]], seed: int) -> list[dict[str, Any]]:
    """Each variant against the baseline; and the winners of neighbouring sizes against each other."""
    if not ordered:
        return []
    pairs: dict[tuple[str, str], None] = {}
    base = ordered[0][1].baseline
    for arm in (row.arm for row in ordered[0][1].rows if row.arm != base):
        pairs[base, arm] = None
    winners = [_winner(table) for _, table in ordered]
    for a, b in itertools.pairwise(winners):
        if a and b and a != b and (a, b) not in pairs and (b, a) not in pairs:
            pairs[a, b] = None
    found = []
    for a, b in pairs:
        both = [(size, table) for size, table in ordered if _timed(table, a) and _timed(table, b)]
        logs = [paired(table)(a, b) for _, table in both]
        for cross in crossovers([size for size, _ in both], logs, seed):
            ends = (both[cross.after][1], both[cross.after + 1][1])
            said = [_said(table, a, b, 2 * len(pairs)) for table in ends]
            if said == ["same", "same"]:
                continue  # neither overtakes the other: the sign of a difference below the gate means nothing
            leads = [{"faster": b, "slower": a}.get(word) for word in said]
            first, second = (a, b) if cross.up else (b, a)
            found.append(
                {
                    "below": first,
                    "above": second,
                    "between": [table.workload for table in ends],
                    "size": cross.size,
                    "low": finite(cross.low),
                    "high": finite(cross.high),
                    "decided": leads == [first, second],
                }
            )
    return found


def _timed(table: Table, arm: str) -> bool:
    return any(row.arm == arm and row.ratio is not None for row in table.rows)


def _winner(table: Table) -> str | None:
    return table.best.best if table.best else None


def _said(table: Table, a: str, b: str, family: int) -> str:
    """The verdict on ``b`` beside ``a`` in a table, as one of so many."""
    interval = interval_at_look(paired(table)(a, b), table.looks, table.facts.get("look"), ALPHA / family)
    return str(verdict(interval)[0])
