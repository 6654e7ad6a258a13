"""Measuring processes import what they need: what a table does not ask for takes none of its time."""

from pathlib import Path

import pytest

from labkit.core.registry import registry
from labkit.measure.bench import make_settings, measure, plan_requests

SPY = """
import sys
import numpy as np
import labkit as lk

@lk.stage(reference="plain", workloads=[lk.Workload("small", lambda: (np.arange(9, dtype=np.uint8),))])
def spied(x):
    "Itself."

@lk.variant("spied", kind="python")
def plain(x):
    with open({path!r}, "a") as seen:
        seen.write(" ".join(name for name in sys.modules if name.startswith("labkit.stages.")))
    return x.copy()

@lk.variant("spied", kind="python")
def other(x):
    return x.copy()
"""


def test_no_other_stage_is_imported_where_one_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, source = tmp_path / "seen", tmp_path / "spy.py"
    source.write_text(SPY.format(path=str(seen)))
    monkeypatch.setattr(registry, "brought", [])
    registry.load(source)
    try:
        table = measure(plan_requests(["spied"]), make_settings(0.02, threads=1, seed=3)).tables[0]
    finally:
        registry.forget(source)
    assert [(row.status.value, row.reason) for row in table.rows] == [("measured", None)] * 2
    assert seen.read_text() == ""
