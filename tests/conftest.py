"""What tests of several packages share: a registry of one's own, and measurements that nobody had to wait for."""

from __future__ import annotations

import math
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labkit.core.registry import Registry, registry
from labkit.measure.bench import Measurement
from labkit.measure.request import Settings
from labkit.measure.result import Row, Samples, Status, Table
from labkit.measure.statistics import Best, Interval, Reason, Verdict

# In the background of a shell this process ignores Ctrl-C, and every program that tests start would be deaf to it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # else importing it asks the network for a newer version

CONTRACT = (
    *("stage", "workload", "variant", "kind", "engine", "status", "reason", "threads"),
    *("median_s", "setup_s", "first_call_s", "ratio", "ratio_low", "ratio_high", "verdict"),
    *("limit_ratio", "peak_bytes", "items_per_s"),
)
MACHINE = {
    "host": "bench-1",
    "system": "Linux 6.1",
    "python": "3.11.7",
    "cpu": "A Processor",
    "cores": 4,
    "cpu_limit": 2,
    "cgroup_cpus": 2.0,
    "governor": None,
    "load_1min": 0.1,
    "memory_bytes": 8 * 2**30,
    "libraries": {"numpy": "2.0"},
    "commit": "0123456789abcdef",
    "dirty": False,
}


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With every optional part installed nothing may be skipped: a skipped check is no check that passed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")  # the workers of xdist have none
    if os.environ.get("LABKIT_EXTRAS") == "all" and reporter and reporter.stats.get("skipped"):
        reporter.ensure_newline()
        reporter.write_line("EXTRAS=all, and yet something was skipped", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def own_registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The registry, empty and without discovery; what was in it comes back after the test."""
    for name, value in vars(Registry()).items():
        monkeypatch.setattr(registry, name, value)
    monkeypatch.setattr(registry, "_state", "ready")
    return registry


@pytest.fixture
def new_registry(own_registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The registry, empty, before its discovery."""
    monkeypatch.setattr(own_registry, "_state", "new")
    return own_registry


@pytest.fixture
def measured() -> Callable[..., Row]:
    """Make a row as a measurement gives it: everything is known."""

    def make(variant: str, ratio: float = 2.0, width: float = 0.01, **facts: Any) -> Row:
        known = {
            "status": Status.MEASURED,
            "threads": 1,
            "median_s": 0.01 / ratio,
            "setup_s": 1e-6,
            "first_call_s": 0.02,
            "ratio": ratio,
            "ratio_low": ratio * math.exp(-width),
            "ratio_high": ratio * math.exp(width),
            "verdict": Verdict.FASTER,
            "limit_ratio": 3.0,
            "peak_bytes": 5 * 2**20,
        }
        place = {"stage": "blur", "workload": "logo", "kind": "numpy"}
        return Row(variant=variant, **(place | known | facts))

    return make


@pytest.fixture
def baseline(measured: Callable[..., Row]) -> Row:
    return measured("plain", 1.0, 0.0, verdict=None)


@pytest.fixture
def measurement_of() -> Callable[..., Measurement]:
    """Make a finished measurement of one table: its rows are given, its samples are two launches of three rounds."""

    def make(*rows: Row, machine: dict[str, Any] | None = None, **facts: Any) -> Measurement:
        arms = tuple(row.arm for row in rows if row.median_s is not None)
        table = Table(rows[0].stage, rows[0].workload, rows[0].arm, list(rows), Samples(arms), looks=(2,))
        for number in range(2 if arms else 0):
            table.samples.launches.append(_launch(number, arms))
        if len(arms) > 1:
            table.best = Best(arms[1], arms[0], Interval(0.7, 0.6, 0.8, 11), 0.6, True, Reason.NONE)
        settings = Settings(0.3, 2, 7)
        return Measurement([table], MACHINE | (machine or {}), settings, "2026-11-20T10:12:13+00:00", 1.5, **facts)

    return make


def _launch(number: int, arms: tuple[str, ...]) -> dict[str, Any]:
    count = 3 * len(arms)
    samples = {
        "round": np.repeat(np.arange(3, dtype=np.int32), len(arms)),
        "position": np.tile(np.arange(len(arms), dtype=np.int16), 3),
        "arm": np.tile(np.arange(len(arms), dtype=np.int16), 3),
        "calls": np.ones(count, np.int32),
        "seconds": np.linspace(0.001, 0.002, count) + number,
        "device_seconds": np.full(count, np.nan),
        "put_aside": np.zeros(count, bool),
    }
    return {"launch": number, "parent": number, "seed": 5, "rounds": 3, "arms": arms, "samples": samples}


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A results folder of the test's own, which every command uses."""
    folder = tmp_path / "results"
    monkeypatch.setenv("LABKIT_RESULTS", str(folder))
    return folder


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of this machine may enter and write to (tmp_path is its owner's alone)."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o777)
        yield Path(name)
