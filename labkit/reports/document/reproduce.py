"""How to have a run again: the commit, the data, and the commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Any

from labkit.core.errors import UsageError
from labkit.engines.arm import ArmName
from labkit.measure.bench import plan_requests
from labkit.measure.result import arm_of
from labkit.measure.table import DEFAULT_TIME_LIMIT_S

EARLIER = re.compile(r"_at_([0-9a-f]{7})(?=@|$)")  # what ``bench --against`` adds to a variant's name


def commands(run: dict[str, Any], sweeps: Sequence[dict[str, Any]] = ()) -> list[str]:
    """Shell commands, one a line: check the commit out, make the data, measure each stage as it was measured."""
    commit = run["machine"].get("commit")
    lines = [f"git checkout {shlex.quote(str(commit))}", "make data"] if commit else ["make data"]
    swept = {sweep["stage"]: sweep for sweep in sweeps if sweep.get("run") == run["run"]}
    for stage in dict.fromkeys(table["stage"] for table in run["tables"]):
        lines.append(_sweep(swept[stage], run) if stage in swept else _bench(stage, run))
    return lines


def _settings(run: dict[str, Any]) -> list[str]:
    settings = run["settings"]
    given = [f"{settings['budget_s']:g}", str(settings["threads"]), str(settings["seed"])]
    return [word for pair in zip(("--budget", "--threads", "--seed"), given, strict=True) for word in pair]


def _bench(stage: str, run: dict[str, Any]) -> str:
    tables = [table for table in run["tables"] if table["stage"] == stage]
    workloads = [table["workload"] for table in tables]
    arms = list(dict.fromkeys(arm_of(row) for row in run["rows"] if row["stage"] == stage))
    line = ["labkit", "bench", stage, "--workloads", ",".join(workloads)]
    revisions = {found.group(1) for arm in arms if (found := EARLIER.search(arm))}
    if revisions:
        arms = [arm for arm in arms if not EARLIER.search(arm)]
        line += ["--against", *revisions]
    if revisions or not all(_unasked(table, run) for table in tables):
        line += ["--variants", ",".join(arms)]
    if not revisions:
        line += ["--baseline", tables[0]["baseline"]]
    if (limit_s := run["settings"].get("time_limit_s", DEFAULT_TIME_LIMIT_S)) != DEFAULT_TIME_LIMIT_S:
        line += ["--time-limit", f"{limit_s:g}"]
    return shlex.join([*line, *_settings(run)])


def _unasked(table: dict[str, Any], run: dict[str, Any]) -> bool:
    """Whether a table's arms are those that are measured when none is named."""
    rows = [row for row in run["rows"] if (row["stage"], row["workload"]) == (table["stage"], table["workload"])]
    try:
        (request,) = plan_requests([table["stage"]], None, [table["workload"]], table["baseline"])
    except (UsageError, ValueError):
        return False
    kernel = table["facts"].get("under_engines")
    engines = [ArmName(kernel, engine) for engine in request.engines] if kernel else []
    return {str(arm) for arm in (*request.arms, *engines)} == {arm_of(row) for row in rows}


def _sweep(sweep: dict[str, Any], run: dict[str, Any]) -> str:
    line = ["labkit", "sweep", sweep["stage"], "--over", sweep["axis"]]
    if sweep["axis"] == "size":
        line += ["--variant", ",".join(curve["arm"] for curve in sweep["curves"])]
        line += ["--values", ",".join(place["workload"] for place in sweep["workloads"])]
    else:
        line += ["--variant", sweep["variant"], "--engine", sweep["engine"], "--workload", sweep["workload"]]
        line += ["--values", ",".join(str(point["value"]) for point in sweep["points"])]
        line += ["--workers", str(sweep["workers"])] if sweep["axis"] == "chunk" else []
    return shlex.join([*line, *_settings(run)])
