"""hyperfine: whole commands, one after the other, in one invocation without a shell."""

from __future__ import annotations

import json
import math
import shutil
import statistics
import subprocess
import time
from pathlib import Path

from tests.gauntlet.kernels import built
from tests.gauntlet.tools.process import left_s, run
from tests.gauntlet.tools.tool import Task, Told

RUN_S = 0.1  # a command, against a millisecond in which the program starts; ten, hyperfine's least, fit into a second
LEAST_RUNS = 10
WARMUP = 2
SIGNIFICANT = 0.05


class Hyperfine:
    """``low`` and ``high`` are the ends of what its summary prints of the two judged, so many "± so many times faster".

    A sample is a command's time divided by its calls of the kernel; start-up and filling of the buffer are in it.
    """

    name = "hyperfine"
    rule = "different when Welch's t test of the runs has p < 0.05, the rule of its scripts/welch_ttest.py"

    def version(self) -> str | None:
        if shutil.which("hyperfine") is None:
            return None
        return subprocess.run(["hyperfine", "--version"], capture_output=True, text=True).stdout.split()[-1]

    def compare(self, task: Task, folder: Path) -> Told:
        begun = time.monotonic()
        program = built("program")
        longest = max(task.arms, key=lambda arm: arm.rows)

        def took(calls: int) -> float:
            """What a user finds out first: how long the program takes."""
            before = time.perf_counter()
            run([program, longest.kernel, str(longest.rows), str(calls)], folder)
            return time.perf_counter() - before

        few, many = statistics.mean(took(1) for _ in range(3)), statistics.mean(took(21) for _ in range(3))
        call_s = max((many - few) / 20, 1e-5)
        each_s = left_s(task, begun)
        calls = max(1, round(min(RUN_S, each_s / LEAST_RUNS) / call_s))
        run_s = few + (calls - 1) * call_s
        spent = WARMUP if task.wall_s is not None else 0  # runs that a wall clock counts and a measuring time doesn't
        runs = max(LEAST_RUNS, round(each_s / run_s) - spent)
        commands = [f"{program} {arm.kernel} {arm.rows} {calls}" for arm in task.arms]
        counts = [f"--warmup={WARMUP}", f"--runs={runs}"]
        run(["hyperfine", "-N", "--style=basic", *counts, "--export-json=taken.json", *commands], folder)
        return told(task, (folder / "taken.json").read_text(), calls)


def told(task: Task, exported: str, calls: int) -> Told:
    """From the file of ``--export-json``; ``calls``: how often each command called its kernel."""
    arms = json.loads(exported)["results"]
    times = [[run / calls for run in arm["times"]] for arm in arms]
    first, second = times[task.first], times[task.second]
    low, high = printed(first, second)
    ratio = statistics.mean(first) / statistics.mean(second)
    return Told(different=differ(first, second), ratio=ratio, low=low, high=high, samples=tuple(times))


def differ(first: list[float], second: list[float]) -> bool:
    """The decision of ``scripts/welch_ttest.py``."""
    from scipy import stats  # half a second, so not while this is imported

    return bool(stats.ttest_ind(first, second, equal_var=False).pvalue < SIGNIFICANT)


def printed(first: list[float], second: list[float]) -> tuple[float | None, float | None]:
    """The interval of first/second that follows from the summary, "FAST ran r ± s times faster than SLOW".

    r is the quotient of the means, slow by fast; s passes on the standard deviations of the runs, not of their means
    (``src/benchmark/relative_speed.rs``). None for both ends where s reaches r.
    """
    one, other = statistics.mean(first), statistics.mean(second)
    r = max(one, other) / min(one, other)
    s = r * math.hypot(statistics.stdev(first) / one, statistics.stdev(second) / other)
    if s >= r:
        return None, None
    return (r - s, r + s) if one >= other else (1 / (r + s), 1 / (r - s))
