"""A stage over the runs that were stored on this machine."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd

from labkit.measure.machine import machine_facts
from labkit.store import Run, all_runs

COLUMNS = ("run", "started", "workload", "variant", "ratio", "low", "high", "limit_ratio", "verdict")
SAME = ("host", "cpu")  # a host's name alone may be that of another, a container's or a virtual machine's


def past_runs(stage: str, folder: Path | None = None) -> pd.DataFrame:
    """One row an arm of the stage that was timed, oldest run first; unknown figures are NaN, unknown words None."""
    here = machine_facts()
    mine = [run for run in all_runs(folder) if all(_machine(run).get(name) == here[name] for name in SAME)]
    rows = [_row(run, row) for run in mine for row in _rows(run) if row.get("stage") == stage and row.get("ratio")]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(("ratio", "low", "high", "limit_ratio"), float))


def _machine(run: Run) -> dict[str, Any]:
    found = run.document.get("machine")
    return found if isinstance(found, dict) else {}


def _rows(run: Run) -> list[dict[str, Any]]:
    found = run.document.get("rows")
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def _row(run: Run, row: dict[str, Any]) -> tuple[Any, ...]:
    engine = row.get("engine")
    arm = f"{row.get('variant')}@{engine}" if engine else str(row.get("variant"))
    figures = (_number(row.get(name)) for name in ("ratio", "ratio_low", "ratio_high", "limit_ratio"))
    about = (run.folder.name, str(run.document.get("started")), str(row.get("workload")), arm)
    return (*about, *figures, row.get("verdict"))


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else math.nan
