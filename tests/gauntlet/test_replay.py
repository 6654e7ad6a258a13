"""The published table is what the recordings say, and labkit's verdicts are what its samples say: nothing is timed here."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labkit.measure.statistics import compare_family, launch_median, plan_looks, undisturbed
from tests.gauntlet.__main__ import summary
from tests.gauntlet.ledger import Ledger, unpacked_samples
from tests.gauntlet.promises import MISSED
from tests.gauntlet.show import brief, frame, markdown, promised
from tests.gauntlet.tools import TOOLS
from tests.gauntlet.tools.labkit import launch_rounds

RECORDED = Path(__file__).parents[2] / "results" / "gauntlet"
TRIES_A_CELL = 6


@pytest.fixture(scope="module")
def published() -> tuple[list[Any], list[Any]]:
    return summary(RECORDED)


def test_the_published_table_is_what_the_recordings_come_to(published: tuple[list[Any], list[Any]]) -> None:
    table = (RECORDED / "table.md").read_text()
    assert table == f"{markdown(published[0])}\n### labkit's promises\n\n{promised(published[1])}"
    assert (RECORDED / "table.csv").read_text() == frame(published[0]).to_csv(index=False, float_format="%.4g")


def test_the_readmes_table_is_the_published_one(published: tuple[list[Any], list[Any]]) -> None:
    readme = (RECORDED.parents[1] / "README.md").read_text()
    shown = readme.partition("<!-- gauntlet: begin -->")[2].partition("<!-- gauntlet: end -->")[0]
    assert shown.strip() == brief(published[0]).strip()


def test_every_harness_is_in_the_table_with_its_tries(published: tuple[list[Any], list[Any]]) -> None:
    tried = {line.tool for line in published[0] if line.false_alarms.tries}
    assert set(TOOLS) <= tried


def test_labkits_figures_follow_from_the_samples_of_its_tries() -> None:
    cells: dict[str, list[Any]] = {}
    for entry in Ledger(RECORDED).entries("labkit"):
        if "failed" not in entry:
            cells.setdefault(entry["cell"], []).append(entry)
    assert cells
    for entry in itertools.chain.from_iterable(tries[:TRIES_A_CELL] for tries in cells.values()):
        first, second = (
            launch_rounds(unpacked_samples(entry["samples"][entry[place]])) for place in ("first", "second")
        )
        values = np.array([_of_launch(one, other) for one, other in zip(first, second, strict=True)])
        looks = plan_looks(25)
        family = len(entry["samples"]) - 1
        found = compare_family({"second": values}, looks, looks.index(values.size), family=family)["second"]
        assert found.interval.ratio == pytest.approx(entry["ratio"], rel=2e-6)
        assert (found.interval.ratio_low, found.interval.ratio_high) == pytest.approx(
            (entry["low"], entry["high"]), rel=2e-6
        )
        assert (str(found.verdict) in ("faster", "slower")) == entry["different"]


def _of_launch(one: np.ndarray, other: np.ndarray) -> float:
    """One launch's log ratio; negative seconds are those of a call that was put aside."""
    return launch_median(undisturbed(np.log(np.abs(one) / np.abs(other)), (one < 0) | (other < 0)))


def test_no_promise_is_missed_without_being_said(published: tuple[list[Any], list[Any]]) -> None:
    """What is missed stands in results/gauntlet/README.md by its name, with the reason."""
    said = (RECORDED / "README.md").read_text()
    assert not [promise.name for promise in published[1] if promise.state == MISSED and promise.name not in said]


def test_all_tries_know_what_they_were(published: tuple[list[Any], list[Any]]) -> None:
    ledger = Ledger(RECORDED)
    for name in ledger.names():
        for entry in ledger.entries(name):
            assert {"tool", "version", "cell", "number", "seed", "wall_s", "machine"} <= set(entry)
            assert "failed" in entry or (entry["ratio"] > 0 and not math.isnan(entry["ratio"]))
