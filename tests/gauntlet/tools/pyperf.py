"""pyperf: its Runner in a script, many worker processes for each arm, then ``pyperf compare_to``."""

from __future__ import annotations

import json
import math
import statistics
import sys
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from tests.gauntlet.tools.process import LEAVING_S, run
from tests.gauntlet.tools.tool import Arm, Task, Told

SCRIPT = """\
import pyperf

from tests.gauntlet.kernels import call_of

runner = pyperf.Runner()
runner.bench_func("kernel", call_of({kernel!r}, {rows}))
"""
VALUES = 3  # a process, pyperf's own default, after one more to warm up
PROCESSES = (40, 20, 10, 5)  # as with --rigorous, by default, as with --fast, and what is left for short budgets


class Pyperf:
    """``low`` and ``high`` are the ratios that pyperf's own t test would not call different from what was found.

    pyperf itself prints no interval, but mean ± standard deviation. It is told its loops (``--loops``) after a first look
    at one process: when it calibrates them by itself it takes powers of two, so up to twice the time that it was given.
    """

    name = "pyperf"
    rule = "different when pyperf compare_to does not say 'Not significant!' (Student's two-sample t test at 95 %)"

    def version(self) -> str | None:
        try:
            return metadata.version("pyperf")
        except metadata.PackageNotFoundError:
            return None

    def compare(self, task: Task, folder: Path) -> Told:
        begun = time.monotonic()
        longest = max(task.arms, key=lambda arm: arm.rows)
        _bench(longest, "look", folder, ["--processes=1", "--values=3", "--warmups=1", "--loops=20"])
        call_s = statistics.mean(values((folder / "look.json").read_text()))
        start_s = max(time.monotonic() - begun - 4 * 20 * call_s, 0.0) / 2  # a manager and a worker have come and gone
        processes, value_s = plan(task, time.monotonic() - begun, start_s)
        options = [f"--processes={processes}", f"--values={VALUES}", "--warmups=1"]

        def loops(arm: Arm) -> str:
            return f"--loops={max(1, round(value_s / (call_s * arm.rows / longest.rows)))}"

        files = [_bench(arm, f"arm{index}", folder, [*options, loops(arm)]) for index, arm in enumerate(task.arms)]
        said = run(
            [sys.executable, "-m", "pyperf", "compare_to", "--verbose", files[task.first], files[task.second]], folder
        )
        return told(task, [(folder / file).read_text() for file in files], said)


def plan(task: Task, spent_s: float, start_s: float) -> tuple[int, float]:
    """How many processes an arm, and seconds a value, fill a budget; ``start_s``: what starting a process takes.

    A measuring time is spent on the values of the default 20 processes. Of a wall clock at most half goes into starting
    processes; of what is left, the value that warms up each process takes its part too.
    """
    arms = len(task.arms)
    if task.measure_s is not None:
        return 20, task.measure_s / arms / (20 * VALUES)
    assert task.wall_s is not None
    left_s = task.wall_s - spent_s - LEAVING_S - (arms + 1) * start_s  # the managers, and compare_to
    processes = next((p for p in PROCESSES if arms * p * start_s <= left_s / 2), PROCESSES[-1])
    return processes, max((left_s / arms - processes * start_s) / (processes * (VALUES + 1)), 0.0)


def _bench(arm: Arm, name: str, folder: Path, options: Sequence[str]) -> str:
    """The name of the JSON file in which the Runner has stored an arm."""
    (folder / f"{name}.py").write_text(SCRIPT.format(kernel=arm.kernel, rows=arm.rows))
    run([sys.executable, f"{name}.py", *options, "--quiet", "-o", f"{name}.json"], folder)
    return f"{name}.json"


def values(stored: str) -> list[float]:
    """All values of a pyperf JSON file with one benchmark, seconds a loop."""
    runs = json.loads(stored)["benchmarks"][0]["runs"]
    return [value for one in runs for value in one.get("values", ())]


def told(task: Task, stored: Sequence[str], said: str) -> Told:
    """From the JSON files of the arms, and what ``compare_to --verbose`` says of the two judged ones."""
    samples = tuple(values(text) for text in stored)
    first, second = samples[task.first], samples[task.second]
    low, high = not_rejected(first, second)
    return Told(
        different=significant(said),
        ratio=statistics.mean(first) / statistics.mean(second),
        low=low,
        high=high,
        samples=samples,
    )


def significant(said: str) -> bool:
    """Does ``compare_to --verbose`` call the difference significant? RuntimeError where it says neither."""
    if "Not significant!" in said:
        return False
    if any(line.startswith("Significant") for line in said.splitlines()):
        return True
    raise RuntimeError(f"pyperf compare_to said nothing of significance: {said.strip()!r}")


def not_rejected(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """The differences of means that pyperf's t test would not reject, as ratios to the second mean, itself taken as known."""
    from pyperf._utils import pooled_sample_variance, tdist95conf_level  # type: ignore[import-untyped]

    one, other = statistics.mean(first), statistics.mean(second)
    freedom = len(first) + len(second) - 2
    error = math.sqrt(pooled_sample_variance(first, second) * (1 / len(first) + 1 / len(second)))
    reach = tdist95conf_level(freedom) * error
    return (one - other - reach) / other + 1, (one - other + reach) / other + 1
