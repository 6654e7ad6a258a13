"""How to have a run again: the commit, the data, and the commands, as lines that a shell runs as they stand."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Any

from labkit.core.errors import UsageError
from labkit.engines.arm import ArmName
from labkit.measure.bench import plan_requests
from labkit.measure.request import DEFAULT_TIME_LIMIT_S
from labkit.measure.result import arm_of
from labkit.reports.document.sources import is_labkit, named, projects

EARLIER = re.compile(r"_at_([0-9a-f]{7})(?=@|$)")  # what ``bench --against`` adds to a variant's name

SECONDS = ("budget", "time_limit")


def commands(run: dict[str, Any], sweeps: Sequence[dict[str, Any]] = ()) -> list[str]:
    """Shell commands, one a line: check the commit out, make the data, measure each stage as it was measured.

    What no command brings back, as what was defined in a notebook, stands there as a comment.
    """
    lines = _checkout(run)
    sources = run.get("sources", {})
    swept = {sweep["stage"]: sweep for sweep in sweeps if sweep.get("run") == run["run"]}
    for stage in dict.fromkeys(table["stage"] for table in run["tables"]):
        function, options = _sweep(swept[stage], run) if stage in swept else _bench(stage, run)
        own = [name for name in sources.get("session", ()) if name == stage or name.startswith(f"{stage}/")]
        chain = sources.get("chains", {}).get(stage)
        if compared := sources.get("compared", {}).get(stage):
            lines.append(shlex.join(["labkit", "compare", *compared, *_worded(_limits(run))]))
        elif sources.get("script"):
            lines.append(shlex.join(["python", sources["script"]]))
        elif own or (chain and function == "sweep"):
            what = ", ".join(own) if own else f"the stage of the chain {chain}"
            lines += [f"# in Python, after what defines {what}:", f"# {_called(function, stage, options)}"]
        else:
            of = ["--chain", chain] if chain else [stage]
            lines.append(shlex.join(["labkit", function, *of, *_worded(options), *loading(run)]))
    return list(dict.fromkeys(lines))


def loading(run: dict[str, Any]) -> list[str]:
    """The options that bring the files in which a run's stages and variants are defined."""
    return [word for file in run.get("sources", {}).get("load", ()) for word in ("--load", file)]


def _checkout(run: dict[str, Any]) -> list[str]:
    """To the code that was measured: the first project's; of the others it is said what they were."""
    found = projects(run)
    if not found:
        return []
    lines = [f"# with {named(project)}" for project in found[1:]]
    first, folder = found[0], run.get("sources", {}).get("folder")
    if not first["commit"]:
        return [*lines, f"# {'in the folder' if first['files'] else 'with'} {named(first)}"]
    lines += [] if is_labkit(first) else [f"# in a checkout of {first['project']}"]
    lines.append(f"git checkout {shlex.quote(str(first['commit']))}")
    lines += ["make data"] if is_labkit(first) else []
    return lines + ([f"cd {shlex.quote(folder)}"] if folder not in (None, ".") else [])


def _settings(run: dict[str, Any]) -> dict[str, Any]:
    settings = run["settings"]
    return {"budget": settings["budget_s"], "threads": settings["threads"], "seed": settings["seed"]}


def _worded(options: dict[str, Any]) -> list[str]:
    """Options as the command line takes them."""
    words = []
    for name, value in options.items():
        text = ",".join(map(str, value)) if isinstance(value, list) else f"{value:g}" if name in SECONDS else str(value)
        words += [f"--{name.replace('_', '-')}", text]
    return words


def _called(function: str, stage: str, options: dict[str, Any]) -> str:
    """The same as a call in Python."""
    given = [repr(stage), *(f"{name}={value!r}" for name, value in options.items())]
    return f"labkit.{function}({', '.join(given)})"


def _bench(stage: str, run: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    tables = [table for table in run["tables"] if table["stage"] == stage]
    arms = list(dict.fromkeys(arm_of(row) for row in run["rows"] if row["stage"] == stage))
    options: dict[str, Any] = {"workloads": [table["workload"] for table in tables]}
    revisions = {found.group(1) for arm in arms if (found := EARLIER.search(arm))}
    if revisions:
        arms = [arm for arm in arms if not EARLIER.search(arm)]
        options["against"] = revisions.pop()
    if revisions or "against" in options or not all(_unasked(table, run) for table in tables):
        options["variants"] = arms
    if "against" not in options:
        options["baseline"] = tables[0]["baseline"]
    return "bench", options | _limits(run)


def _limits(run: dict[str, Any]) -> dict[str, Any]:
    """The settings, and the time limit where it is not the usual one."""
    limit_s = run["settings"].get("time_limit_s", DEFAULT_TIME_LIMIT_S)
    return ({} if limit_s == DEFAULT_TIME_LIMIT_S else {"time_limit": limit_s}) | _settings(run)


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


def _sweep(sweep: dict[str, Any], run: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    options: dict[str, Any] = {"over": sweep["axis"]}
    if sweep["axis"] == "size":
        options["variant"] = [curve["arm"] for curve in sweep["curves"]]
        options["values"] = [place["workload"] for place in sweep["workloads"]]
    else:
        options |= {name: sweep[name] for name in ("variant", "engine", "workload")}
        options["values"] = [point["value"] for point in sweep["points"]]
        options |= {"workers": sweep["workers"]} if sweep["axis"] == "chunk" else {}
    return "sweep", options | _settings(run)
