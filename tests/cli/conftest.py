"""The command line as a call: what it prints on each stream, and its exit status."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import labkit as lk
from labkit.cli import main
from labkit.core.registry import Registry
from labkit.measure import bench as measuring
from labkit.measure.request import Listener
from labkit.measure.result import Row, Status


class Said(NamedTuple):
    status: int
    out: str
    err: str


Labkit = Callable[..., Said]
Make = Callable[..., Any]


@pytest.fixture
def labkit(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Labkit:
    """Run ``labkit`` with these words."""
    monkeypatch.setenv("COLUMNS", "80")

    def run(*words: object) -> Said:
        monkeypatch.setattr("sys.argv", ["labkit", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        return Said(int(end.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture
def toy(own_registry: Registry) -> Registry:
    """A stage ``lines`` with variants of some kinds, one of them unavailable."""

    @lk.stage(
        reference="plain",
        workloads=[lk.Workload("small", lambda: (np.ones((2, 2)),), "two by two"), lk.Workload("big", tuple)],
        split=lk.Split("rows", lambda n, image: [], lambda parts, image: None),
        empty_cells={"cython": "nothing is gained [over Numba]"},
    )
    def lines(image: Any) -> None:
        """Sums of the lines."""

    @lk.variant("lines", kind="python", partial=lambda image: None)
    def plain(image: Any) -> None:
        """Line by line."""

    @lk.variant("lines", kind="numpy")
    def whole(image: Any) -> None:
        """All at once."""

    @lk.variant("lines", kind="gpu", missing=lambda: "no CUDA device")
    def cuda(image: Any) -> None:
        """On the device."""

    return own_registry


@pytest.fixture
def finished(
    monkeypatch: pytest.MonkeyPatch, results: Path, toy: Registry, measurement_of: Make, measured: Make, baseline: Row
) -> Callable[..., list[Any]]:
    """Let ``bench`` and ``check`` find this, without measuring; gives what they were asked for."""

    def finish(status: str = "measured", reason: str | None = None, **facts: Any) -> list[Any]:
        asked: list[Any] = []
        row = measured("fast") if status == "measured" else Row("blur", "logo", "fast", "numpy", status=Status(status))
        row.reason = reason
        measurement = measurement_of(baseline, row, **facts)

        def tell(listener: Listener) -> None:
            for table in measurement.tables:
                listener.table_begins(table.stage, table.workload, 2)
                listener.table_ends(table)

        def measure(requests: Any, settings: Any, listener: Listener) -> Any:
            asked.extend([requests, settings])
            tell(listener)
            return measurement

        def check(requests: Any, settings: Any, listener: Listener) -> list[Row]:
            asked.extend([requests, settings])
            tell(listener)
            return measurement.rows

        monkeypatch.setattr(measuring, "measure", measure)
        monkeypatch.setattr(measuring, "check", check)
        return asked

    return finish
