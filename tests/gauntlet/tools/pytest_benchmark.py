"""pytest-benchmark: each arm in a pytest of its own, stored as JSON, compared by the plugin's own regression check."""

from __future__ import annotations

import json
import sys
import time
from importlib import metadata
from pathlib import Path

from tests.gauntlet.tools.process import run
from tests.gauntlet.tools.tool import Arm, Task, Told

# The plugin's documentation shows `min:5%` for --benchmark-compare-fail, and its tables are sorted by the minimum.
FIELD = "min"
PERCENT = 1
SUITE = """\
from tests.gauntlet.kernels import call_of

call = call_of({kernel!r}, {rows})


def test_kernel(benchmark):
    benchmark(call)
"""
# A few calls before the first that counts; with its 100,000 the plugin would spend as long warming up as measuring.
WARMUP = ("--benchmark-warmup=on", "--benchmark-warmup-iterations=5")


class PytestBenchmark:
    """It prints no interval of a ratio, so there is none here. Means and medians can be had from the samples.

    ``--benchmark-max-time`` is a target: the plugin fixes its rounds by the fastest call of its calibration, so on a busy
    machine it takes longer. How long pytest takes to start is taken from the try before; the first goes by what it took here.
    """

    name = "pytest-benchmark"
    rule = f"different when --benchmark-compare-fail={FIELD}:{PERCENT}% fails for the one or the other; 1 % as labkit's gate"

    def __init__(self) -> None:
        self._start_s = 0.45

    def version(self) -> str | None:
        try:
            return metadata.version("pytest-benchmark")
        except metadata.PackageNotFoundError:
            return None

    def compare(self, task: Task, folder: Path) -> Told:
        begun = time.monotonic()
        each_s = (task.measure_s or 0.0) / len(task.arms)
        if task.wall_s is not None:
            each_s = max(task.wall_s / len(task.arms) - self._start_s, 0.01)
        answer = told(task, [_stored(arm, each_s, folder / f"arm{index}") for index, arm in enumerate(task.arms)])
        measured_s = sum(sum(samples) for samples in answer.samples)
        self._start_s = (time.monotonic() - begun - measured_s) / len(task.arms)
        return answer


def _stored(arm: Arm, max_time: float, folder: Path) -> str:
    """The JSON report of one arm."""
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_kernel.py").write_text(SUITE.format(kernel=arm.kernel, rows=arm.rows))
    # Only this plugin, not all that happen to be installed; -c and the folder keep this repository's settings out.
    environment = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "pytest_benchmark.plugin",
        "-c",
        "pytest.ini",
        "--rootdir",
        ".",
    ]
    options = [*WARMUP, f"--benchmark-max-time={max_time:.3f}", "--benchmark-json=taken.json"]
    run([*command, *options, "test_kernel.py"], folder, environment)
    return (folder / "taken.json").read_text()


def told(task: Task, stored: list[str]) -> Told:
    """From the JSON reports of the arms, in their order."""
    arms = [json.loads(text)["benchmarks"][0]["stats"] for text in stored]
    first, second = arms[task.first], arms[task.second]
    return Told(
        different=regressed(first, second) or regressed(second, first),
        ratio=first[FIELD] / second[FIELD],
        low=None,
        high=None,
        samples=tuple(arm["data"] for arm in arms),
    )


def regressed(current: dict[str, float], compared: dict[str, float]) -> bool:
    """Would ``--benchmark-compare-fail`` fail the current run against the other? By the plugin's own class."""
    from pytest_benchmark.utils import PercentageRegressionCheck

    return PercentageRegressionCheck(FIELD, PERCENT).fails(current, compared) is not None
