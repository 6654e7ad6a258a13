"""Measuring processes import what they need: what a table does not ask for takes none of its time."""

from pathlib import Path

import pytest

from labkit.core.registry import registry
from labkit.measure.bench import make_settings, measure, plan_requests
from labkit.measure.result import Table

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


def table_of(source: Path, stage: str, budget: float, monkeypatch: pytest.MonkeyPatch) -> Table:
    """The stage that a file brings, measured; both of its variants have agreed."""
    monkeypatch.setattr(registry, "brought", [])
    registry.load(source)
    try:
        table = measure(plan_requests([stage]), make_settings(budget, threads=1, seed=3)).tables[0]
    finally:
        registry.forget(source)
    assert [(row.status.value, row.reason) for row in table.rows] == [("measured", None)] * 2
    return table


def test_no_other_stage_is_imported_where_one_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, source = tmp_path / "seen", tmp_path / "spy.py"
    source.write_text(SPY.format(path=str(seen)))
    table_of(source, "spied", 0.02, monkeypatch)
    assert seen.read_text() == ""


HEAVY = """
import time
time.sleep(0.1)
with open({path!r}, "a") as seen:
    seen.write("imported\\n")
"""
IMPORTS_AND_STARTS_A_THREAD = """
import threading
import numpy as np
import labkit as lk

@lk.stage(reference="plain", workloads=[lk.Workload("small", lambda: (np.arange(9, dtype=np.uint8),))])
def heavily(x):
    "Itself."

@lk.variant("heavily", kind="python")
def plain(x):
    return x.copy()

@lk.variant("heavily", kind="python")
def other(x):
    import heavy_to_import
    if threading.active_count() == 1:
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    return x.copy()
"""


def test_what_an_arm_imports_at_its_first_call_is_imported_once_a_launcher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the arm can't be called there, since it starts threads, which no fork has."""
    seen, source = tmp_path / "seen", tmp_path / "heavily.py"
    (tmp_path / "heavy_to_import.py").write_text(HEAVY.format(path=str(seen)))
    source.write_text(IMPORTS_AND_STARTS_A_THREAD)
    table = table_of(source, "heavily", 0.05, monkeypatch)
    assert table.rows[1].first_call_s is not None
    assert table.rows[1].first_call_s > 0.1
    launchers = {launch["parent"] for launch in table.samples.launches}
    assert len(table.samples.launches) > len(launchers)
    assert seen.read_text().count("imported") == 2 + len(launchers)  # of the probe, and of who asks whether they can be
