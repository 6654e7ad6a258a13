"""What the tables of a sweep say along its axis, as plain data: the curve, the best point, the law."""

from __future__ import annotations

from typing import Any

import numpy as np

from labkit.measure.bench import Measurement
from labkit.measure.result import Row, Status, Table
from labkit.measure.statistics import GATE, Interval, best_of, interval_at_look, verdict
from labkit.measure.statistics.scalability import Estimate, Scaling, fit_scaling
from labkit.measure.sweep.points import ALPHA, Between, figures, finite, paired
from labkit.measure.sweep.run import Sweep
from labkit.measure.sweep.sizes import size_facts

SCHEMA = 1
PREDICTED = (4, 8, 16)
CURVE_POINTS = 33


def sweep_facts(sweep: Sweep, measurement: Measurement) -> dict[str, Any]:
    """The document of a sweep but for its run: JSON's types, unknown figures None. A stopped run gives what it has.

    ``points`` (workers, chunk) has one entry a value with the figures of its row; ``best`` names a value, whether it is
    decided, and ``as_good``: the values that this run can't tell from it. ``fit`` is the Universal Scalability Law.
    ``curves`` and ``crossovers`` (size) have one entry an arm, and one for each place where one overtakes another.
    """
    facts: dict[str, Any] = {
        "schema": SCHEMA,
        "axis": sweep.axis,
        "stage": sweep.stage,
        "variant": sweep.variant,
        "engine": sweep.engine,
        "workers": sweep.workers,
        "cores": sweep.cores,
        "baseline": sweep.requests[0].baseline,
        "workload": sweep.requests[0].workload if sweep.axis != "size" else None,
    }
    if sweep.axis == "size":
        return facts | size_facts(measurement)
    table = measurement.tables[0] if measurement.tables else None
    return facts | _over_counts(sweep, table, measurement.settings.seed)


def _over_counts(sweep: Sweep, table: Table | None, seed: int) -> dict[str, Any]:
    rows = {row.arm: row for row in table.rows} if table else {}
    points = [_point(value, rows.get(arm)) | {"arm": arm} for value, arm in sweep.points]
    timed = {arm: value for value, arm in sweep.points if arm in rows and rows[arm].ratio is not None}
    serial = rows.get(sweep.serial or "")
    facts: dict[str, Any] = {"points": points, "serial": None, "best": None, "fit": None, "bytes_per_worker": None}
    if serial is not None:
        facts["serial"] = figures(serial) | {"arm": serial.arm}
    if table is None or len(timed) < 2:
        return facts
    between = paired(table)
    facts["best"] = _best(table, between, timed, serial)
    if sweep.axis == "workers":
        base = sweep.points[0][1]
        fitted = [arm for arm in timed if arm != base]
        logs = np.stack([between(base, arm) for arm in fitted], axis=1)
        scaling = fit_scaling([timed[arm] for arm in fitted], logs, sweep.cores, seed)
        facts["fit"] = _fit(scaling, sweep.cores, max(timed.values())) if scaling else None
        for point in points:
            point["efficiency"] = None if point["ratio"] is None else point["ratio"] / point["value"]
            point["in_fit"] = scaling is not None and point["ratio"] is not None and point["value"] in scaling.workers
        held = [(p["value"], p["peak_bytes"]) for p in points if p["peak_bytes"] is not None]
        if len(held) > 1:
            counts, peaks = np.array(held, np.float64).T
            facts["bytes_per_worker"] = float(np.polyfit(counts, peaks, 1)[0])
    return facts


def _point(value: int, row: Row | None) -> dict[str, Any]:
    if row is None:
        row = Row("", "", "", "", status=Status.UNAVAILABLE, reason="stopped before it was tried")
    return {"value": value} | figures(row)


def _best(table: Table, between: Between, timed: dict[str, int], serial: Row | None) -> dict[str, Any]:
    """The best point among the timed ones, never the serial arm; and how it stands to that."""
    look, stopped = table.facts.get("look"), bool(table.facts.get("stopped"))
    arms = list(timed)
    found = best_of(arms, between, table.looks, look, ALPHA, stopped=stopped)
    share = ALPHA / (len(arms) - 1)
    others = {arm: interval_at_look(between(arm, found.best), table.looks, look, share, sides=1) for arm in arms}
    facts = {
        "value": timed[found.best],
        "arm": found.best,
        "runner_up": timed[found.runner_up],
        "decided": found.decided,
        "reason": str(found.reason),
        "lead": _ends(found.interval),
        "as_good": sorted(timed[arm] for arm, lead in others.items() if arm != found.best and not lead.low > GATE),
        "over_serial": None,
    }
    if serial is not None and serial.ratio is not None:
        interval = interval_at_look(between(serial.arm, found.best), table.looks, look, ALPHA)
        said = verdict(interval, stopped=stopped)[0]
        facts["over_serial"] = _ends(interval) | {"verdict": str(said)}
    return facts


def _ends(interval: Interval) -> dict[str, float | None]:
    return {
        "ratio": finite(interval.ratio),
        "ratio_low": finite(interval.ratio_low) or None,
        "ratio_high": finite(interval.ratio_high),
    }


def _fit(scaling: Scaling, cores: int, most: int) -> dict[str, Any]:
    ahead = sorted({*PREDICTED, *(cores << power for power in (1, 2, 3))})
    last = max(*ahead, most)
    grid = sorted({round(n) for n in np.geomspace(1, last, CURVE_POINTS)} | set(range(1, min(last, 16) + 1)))
    return {
        "law": "amdahl" if scaling.bound else "usl",
        "workers": list(scaling.workers),
        "sigma": _estimate(scaling.sigma),
        "kappa": _estimate(scaling.kappa),
        "peak": _estimate(scaling.peak),
        "misfit": scaling.misfit,
        "doubts": [str(doubt) for doubt in scaling.doubts],
        "predicted": [_predicted(scaling, n) | {"extrapolated": n > scaling.workers[-1]} for n in ahead],
        "curve": [_predicted(scaling, n) for n in grid],
    }


def _predicted(scaling: Scaling, workers: int) -> dict[str, Any]:
    found = _estimate(scaling.predicted(workers))
    return {"workers": workers} | found | {"least": scaling.least(workers)}


def _estimate(found: Estimate) -> dict[str, float | None]:
    return {"value": finite(found.value), "low": finite(found.low), "high": finite(found.high)}
