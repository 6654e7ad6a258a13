"""perfplot: ``perfplot.bench`` with the arms as its kernels, at one n, in a fresh process."""

from __future__ import annotations

import json
import sys
import time
from importlib import metadata
from pathlib import Path

from tests.gauntlet.tools.process import run, script
from tests.gauntlet.tools.tool import Task, Told

# perfplot calls each kernel once, and from that time chooses how often it repeats within target_time_per_measurement.
# equality_check is off: how many rows are read decides what comes out.
BODY = """\
import perfplot

answer = perfplot.bench(
    setup=lambda n: n,
    kernels=[lambda n, call=call: call() for call in CALLS],
    labels=[f"arm {index}" for index in range(len(CALLS))],
    n_range=[1],
    target_time_per_measurement=seconds(),
    equality_check=None,
    show_progress=False,
)
print(answer)
Path("taken.json").write_text(json.dumps(answer.timings_s[:, 0].tolist()))
"""
THRESHOLD = 0.01


class Perfplot:
    """It gives one figure a kernel, the fastest call, and keeps no others: a sample is that figure. It has no interval."""

    name = "perfplot"
    rule = "has none; different when its two figures, each the minimum of all calls, lie more than 1 % apart, as labkit's gate"

    def version(self) -> str | None:
        try:
            return metadata.version("perfplot")
        except metadata.PackageNotFoundError:
            return None

    def compare(self, task: Task, folder: Path) -> Told:
        (folder / "bench.py").write_text(script(task, time.monotonic(), BODY))
        run([sys.executable, "bench.py"], folder, {"MPLBACKEND": "agg"})
        return told(task, (folder / "taken.json").read_text())


def told(task: Task, taken: str) -> Told:
    """From ``timings_s`` of a PerfplotData, seconds, one an arm."""
    figures = json.loads(taken)
    first, second = figures[task.first], figures[task.second]
    return Told(
        different=max(first, second) / min(first, second) > 1 + THRESHOLD,
        ratio=first / second,
        low=None,
        high=None,
        samples=tuple([figure] for figure in figures),
    )
