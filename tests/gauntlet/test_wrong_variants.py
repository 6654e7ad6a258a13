from __future__ import annotations

from pathlib import Path

import pytest

from labkit.core.registry import registry
from labkit.measure.bench import make_settings, measure, plan_requests
from labkit.measure.result import Row, Status

SEEDED = Path(__file__).with_name("wrong_variants.py")
RIGHT = ("right", "also_right", "another_order")


@pytest.fixture(scope="module")
def rows() -> dict[str, Row]:
    registry.load(SEEDED)
    try:
        found = measure(plan_requests(["gauntlet_invert"]), make_settings(0.05, threads=2))
    finally:
        registry.forget(SEEDED)
    return {row.variant: row for row in found.rows}


def test_every_seeded_wrong_variant_is_caught_before_timing(rows: dict[str, Row]) -> None:
    wrong = {name: row for name, row in rows.items() if name not in RIGHT}
    assert len(wrong) >= 20
    uncaught = [name for name, row in wrong.items() if row.status not in (Status.DIFFERS, Status.CRASHED)]
    assert not uncaught
    assert not [name for name, row in wrong.items() if row.median_s is not None or row.verdict is not None]
    assert all(row.reason for row in wrong.values())


def test_right_ones_are_timed_beside_them(rows: dict[str, Row]) -> None:
    assert [name for name, row in rows.items() if row.median_s is not None] == list(RIGHT)
    assert "output is not C-contiguous (in Fortran order)" in (rows["another_order"].note or "")
