"""A sweep's measurement without a clock: each arm's time is given, and launches and rounds scatter around it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from labkit.measure.bench import Measurement
from labkit.measure.conclude import conclude
from labkit.measure.limit import LIMIT
from labkit.measure.request import Request, Settings
from labkit.measure.result import Row, Samples, Status, Table
from labkit.measure.statistics import plan_looks
from tests.conftest import MACHINE

Seconds = Callable[[str, str], float | None]


def simulate(
    requests: Sequence[Request],
    seconds: Seconds,
    *,
    seed: int = 11,
    launches: int = 25,
    noise: float = 0.01,
    facts: Mapping[str, Mapping[str, Any]] | None = None,
    stopped: bool = False,
    peaks: Callable[[str], int | None] = lambda arm: 1 << 20,
) -> Measurement:
    """Measure without measuring; ``seconds(arm, workload)`` of None is an arm that crashed.

    ``facts`` says of a workload its items, floor_bytes and input_bytes.
    """
    rng = np.random.default_rng(seed)
    tables = []
    for request in requests:
        arms = [str(arm) for arm in request.arms]
        rows = [_row(request.stage, request.workload, arm, peaks(arm)) for arm in arms]
        table = Table(request.stage, request.workload, request.baseline, rows, Samples((*arms, LIMIT)))
        table.facts = {"items": None, "floor_bytes": None, "input_bytes": None, "family": max(1, len(arms) - 1)}
        table.facts |= (facts or {}).get(request.workload, {})
        table.looks = plan_looks(25)
        times = {arm: seconds(arm, request.workload) for arm in arms}
        for row in rows:
            if times[row.arm] is None:
                row.status, row.reason = Status.CRASHED, "killed by SIGSEGV"
        sound = [arm for arm in arms if times[arm] is not None]
        for number in range(launches if sound else 0):
            table.samples.launches.append(_launch(number, sound, times, noise, rng))
            if number + 1 in table.looks:
                table.facts["look"] = table.looks.index(number + 1)
        if stopped:
            table.facts["stopped"] = True
        conclude(table, sound, stopped=stopped)
        tables.append(table)
    settings = Settings(1.0, 1, seed)
    return Measurement(tables, dict(MACHINE), settings, "2026-11-20T10:12:13+00:00", 1.5, stopped)


def _row(stage: str, workload: str, arm: str, peak: int | None) -> Row:
    variant, _, engine = arm.partition("@")
    return Row(
        stage, workload, variant, "numpy", engine or None, threads=1, setup_s=1e-3, first_call_s=0.1, peak_bytes=peak
    )


def _launch(number: int, arms: list[str], times: Mapping[str, float | None], noise: float, rng: Any) -> dict[str, Any]:
    rounds, count = 3, len(arms)
    logs = np.log([times[arm] or math.nan for arm in arms]) + rng.normal(0, noise, count)
    samples = {
        "round": np.repeat(np.arange(rounds, dtype=np.int32), count),
        "position": np.tile(np.arange(count, dtype=np.int16), rounds),
        "arm": np.tile(np.arange(count, dtype=np.int16), rounds),
        "calls": np.ones(rounds * count, np.int32),
        "seconds": np.exp(np.tile(logs, rounds) + rng.normal(0, noise / 3, rounds * count)),
        "device_seconds": np.full(rounds * count, np.nan),
        "put_aside": np.zeros(rounds * count, bool),
    }
    return {
        "launch": number,
        "parent": number % 5,
        "seed": number,
        "rounds": rounds,
        "arms": tuple(arms),
        "samples": samples,
    }
