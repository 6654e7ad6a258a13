"""pytest-benchmark: each arm in a pytest of its own, stored as JSON, compared by the plugin's own regression check."""

from __future__ import annotations

import json
import sys
import time
from importlib import metadata
from pathlib import Path

from tests.gauntlet.tools.process import LEAVING_S, run
from tests.gauntlet.tools.tool import Arm, Task, Told

# The plugin's documentation shows `min:5%` for --benchmark-compare-fail, and its tables are sorted by the minimum.
FIELD = "min"
PERCENT = 1
SUITE = """\
import time

import pytest

from tests.gauntlet.kernels import call_of

call = call_of({kernel!r}, {rows})


@pytest.mark.benchmark(max_time={max_time})
def test_kernel(benchmark):
    benchmark(call)
"""
# A few calls before the first that counts; with its 100,000 the plugin would spend as long warming up as measuring.
OPTIONS = (
    "--benchmark-only",
    "--benchmark-warmup=on",
    "--benchmark-warmup-iterations=5",
    "-p",
    "no:cacheprovider",
    "-q",
)


class PytestBenchmark:
    """It prints no interval of a ratio, so there is none here. Means and medians can be had from the samples."""

    name = "pytest-benchmark"
    rule = f"different when --benchmark-compare-fail={FIELD}:{PERCENT}% fails for the one or the other; 1 % as labkit's gate"

    def version(self) -> str | None:
        try:
            return metadata.version("pytest-benchmark")
        except metadata.PackageNotFoundError:
            return None

    def compare(self, task: Task, folder: Path) -> Told:
        begun = time.monotonic()
        return told(task, [self._stored(task, arm, index, begun, folder) for index, arm in enumerate(task.arms)])

    def _stored(self, task: Task, arm: Arm, index: int, begun: float, folder: Path) -> str:
        """The JSON report of one arm. Of a wall clock it has its share, and measures in what pytest's start leaves of it."""
        if task.measure_s is not None:
            max_time = str(task.measure_s / len(task.arms))
        else:
            assert task.wall_s is not None
            until = begun + task.wall_s * (index + 1) / len(task.arms) - LEAVING_S
            max_time = f"max({until} - time.monotonic(), 0.01)"
        suite = folder / f"arm{index}"
        suite.mkdir()
        (suite / "pytest.ini").write_text("[pytest]\n")
        (suite / "test_kernel.py").write_text(SUITE.format(kernel=arm.kernel, rows=arm.rows, max_time=max_time))
        # Only this plugin, not all that happen to be installed; -c and the folder keep this repository's settings out.
        environment = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "pytest_benchmark.plugin",
            "-c",
            "pytest.ini",
            "--rootdir",
            ".",
        ]
        run([*command, *OPTIONS, "--benchmark-json=taken.json", "test_kernel.py"], suite, environment)
        return (suite / "taken.json").read_text()


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
