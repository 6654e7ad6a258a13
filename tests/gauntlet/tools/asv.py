"""asv: one ``asv run`` of a suite with one benchmark an arm, in the environment at hand; its rule on its own samples."""

from __future__ import annotations

import json
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from tests.gauntlet.tools.interval import quotient
from tests.gauntlet.tools.process import LEAVING_S, ROOT, run
from tests.gauntlet.tools.tool import Task, Told

CONF = {
    "version": 1,
    "project": "gauntlet",
    "repo": ".",
    "dvcs": "git",
    "branches": ["HEAD"],
    "environment_type": "existing",
    "benchmark_dir": "suite",
    "results_dir": "results",
}
MACHINE = {"machine": "here", "os": "", "arch": "", "cpu": "", "num_cpu": "", "ram": ""}
# Samples of 10 ms after 0.1 s of warming up are asv's defaults. Its five samples a round are not: there is time for more.
ARM = """
call{index} = call_of({kernel!r}, {rows})


class Arm{index}:
    rounds = {rounds}
    repeat = (2, 1_000_000, {seconds})
    timeout = 600

    def time_kernel(self):
        call{index}()
"""
# Two is its default. Each round is one more process for each arm, and asv goes through all arms in each.
ROUNDS = (10, 6, 4, 2)
WARMUP_S = 0.1


class Asv:
    """``low`` and ``high`` divide the 99 % intervals of the medians that asv stores, lowest by highest and highest by lowest.

    ``asv compare`` would besides hide what is less than ``--factor``, 1.1, apart; that is left out, as with its
    ``--factor 1``. How long its processes take to start is taken from the try before; the first goes by what they took here.
    """

    name = "asv"
    rule = "different when asv's is_different says so of the samples of all rounds (Mann-Whitney U test, p < 0.002)"

    def __init__(self) -> None:
        self._start_s, self._process_s = 1.2, 0.25

    def version(self) -> str | None:
        try:
            return metadata.version("asv")
        except metadata.PackageNotFoundError:
            return None

    def compare(self, task: Task, folder: Path) -> Told:
        begun = time.monotonic()
        rounds, seconds = plan(task, self._start_s, self._process_s + WARMUP_S)
        arms = [
            ARM.format(index=index, kernel=arm.kernel, rows=arm.rows, rounds=rounds, seconds=seconds)
            for index, arm in enumerate(task.arms)
        ]
        suite = folder / "suite"
        suite.mkdir()
        (suite / "__init__.py").touch()
        (suite / "kernels.py").write_text("from tests.gauntlet.kernels import call_of\n" + "".join(arms))
        (folder / "asv.conf.json").write_text(json.dumps(CONF))
        (folder / ".asv-machine.json").write_text(json.dumps({"version": 1, "here": MACHINE}))
        stored = json.loads(_run(folder))
        spent_s = sum(arm["duration"] for arm in _arms(stored))
        self._process_s = max(spent_s / (rounds * len(arms)) - WARMUP_S - seconds, 0.0)
        self._start_s = time.monotonic() - begun - spent_s
        return told(task, stored)


def plan(task: Task, start_s: float, process_s: float) -> tuple[int, float]:
    """How many rounds, and seconds of sampling in each for each arm. Of a wall clock, at most a third goes into processes."""
    arms = len(task.arms)
    if task.measure_s is not None:
        return 4, task.measure_s / arms / 4
    assert task.wall_s is not None
    left_s = task.wall_s - start_s - LEAVING_S
    rounds = next((rounds for rounds in ROUNDS if rounds * arms * process_s <= left_s / 3), ROUNDS[-1])
    return rounds, max(left_s / (rounds * arms) - process_s, 0.01)


def _run(folder: Path) -> str:
    """The result file of ``asv run``. It stores nothing without a commit, so the suite's folder is a repository with one."""
    own = {"HOME": str(folder), "ASV_PYTHONPATH": str(ROOT)}  # its machine file lies at home, and git's settings do
    author = ["-c", "user.name=gauntlet", "-c", "user.email=gauntlet@localhost"]
    run(["git", "init", "-q"], folder, own)
    run(["git", *author, "commit", "-q", "--allow-empty", "-m", "suite"], folder, own)
    commit = run(["git", "rev-parse", "HEAD"], folder, own).strip()
    where = ["--environment", f"existing:{sys.executable}", "--machine", "here", "--set-commit-hash", commit]
    run([sys.executable, "-m", "asv", "run", *where, "--record-samples", "--show-stderr"], folder, own)
    (result,) = (folder / "results" / "here").glob("*-existing-*.json")
    return result.read_text()


def _arms(stored: dict[str, Any]) -> list[dict[str, Any]]:
    """What a result file says of each arm, in their order; single values, for none has parameters."""
    rows = [
        dict(zip(stored["result_columns"], stored["results"][name], strict=False))  # columns at the end may be left out
        for name in sorted(stored["results"])
    ]
    return [
        {column: value[0] if isinstance(value, list) and value else value for column, value in row.items()}
        for row in rows
    ]


def told(task: Task, stored: dict[str, Any]) -> Told:
    """From a result file of ``asv run --record-samples`` with the benchmarks ``kernels.Arm0.time_kernel``, ``Arm1``, …"""
    arms = _arms(stored)
    first, second = arms[task.first], arms[task.second]
    low, high = quotient(_ends(first), _ends(second))
    return Told(
        different=differ(first, second),
        ratio=first["result"] / second["result"],
        low=low,
        high=high,
        samples=tuple(arm["samples"] for arm in arms),
    )


def _ends(arm: dict[str, Any]) -> tuple[float, float]:
    return arm["stats_ci_99_a"], arm["stats_ci_99_b"]


def differ(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """asv's own function, given what ``asv compare`` gives it."""
    from asv._stats import is_different  # type: ignore[import-untyped]

    one, other = ({"ci_99_a": arm["stats_ci_99_a"], "ci_99_b": arm["stats_ci_99_b"]} for arm in (first, second))
    return bool(is_different(first["samples"], second["samples"], one, other))
