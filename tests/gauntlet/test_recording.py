"""The recording without a clock: what is due, what is written down, what survives."""

from __future__ import annotations

import itertools
import math
import subprocess
from collections import Counter
from pathlib import Path

import psutil
import pytest

from tests.gauntlet.burners import burning, spells
from tests.gauntlet.kernels import call_of
from tests.gauntlet.ledger import Ledger, packed_samples, unpacked_samples
from tests.gauntlet.plan import BASE_ROWS, SUBSET, WHOLE, Cell, Try, tries_due
from tests.gauntlet.record import record
from tests.gauntlet.tools import TOOLS
from tests.gauntlet.tools.tool import Task, Told

CELLS = [Cell("quiet", "chain", 500, 3, measure_s=2.0), Cell("quiet", "chain", 510, 1, measure_s=2.0)]


class Canned:
    """A harness that answers at once."""

    name, rule = "canned", "never"

    def __init__(self) -> None:
        self.asked: list[Task] = []

    def version(self) -> str | None:
        return "1"

    def compare(self, task: Task, folder: Path) -> Told:
        self.asked.append(task)
        if len(self.asked) == 2:
            raise RuntimeError("no\nluck")
        return Told(False, 1.0, None, None, ([1e-3, math.nan], [2e-3]))


@pytest.fixture
def canned(monkeypatch: pytest.MonkeyPatch) -> Canned:
    tool = Canned()
    monkeypatch.setitem(TOOLS, "canned", tool)
    return tool


def test_each_cell_gets_its_tries_of_every_harness_once() -> None:
    due = list(tries_due(CELLS, ["a", "b"], set()))
    counted = Counter((each.tool, each.cell.rows) for each in due)
    assert counted == {("a", 500): 3, ("b", 500): 3, ("a", 510): 1, ("b", 510): 1}
    assert len(set(due)) == len(due)


def test_wherever_it_stops_all_harnesses_have_about_as_many_tries() -> None:
    due = list(tries_due(WHOLE, ["a", "b", "c"], set()))
    for stop in range(0, len(due), 50):
        counted = Counter((each.tool, each.cell.key) for each in due[:stop])
        for cell in {each.cell for each in due[:stop]}:
            numbers = [counted[tool, cell.key] for tool in "abc"]
            assert max(numbers) - min(numbers) <= 1


def test_what_is_done_is_not_due() -> None:
    done = {("a", CELLS[0].key, 0), ("a", CELLS[0].key, 2)}
    assert [each.number for each in tries_due(CELLS[:1], ["a"], done)] == [1]


def test_all_harnesses_meet_the_same_neighbours_and_the_same_order() -> None:
    for number in range(20):
        one, other = (Try(tool, SUBSET[0], number) for tool in ("a", "b"))
        assert (one.seed, one.task()) == (other.seed, other.task())


def test_the_baseline_is_first_in_about_half_of_the_tries_and_always_the_first_judged() -> None:
    tasks = [Try("a", SUBSET[1], number).task() for number in range(200)]
    assert 70 < sum(task.first == 0 for task in tasks) < 130
    assert all(task.arms[task.first].rows == BASE_ROWS and task.arms[task.second].rows == 510 for task in tasks)


def test_the_subset_is_a_part_of_the_whole() -> None:
    whole = {cell.key: cell.tries for cell in WHOLE}
    assert all(whole[cell.key] >= cell.tries for cell in SUBSET)


def test_a_recording_goes_on_where_it_stopped(canned: Canned, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "tries")
    assert not record(ledger, CELLS, ["canned"], minutes=-1)
    assert record(ledger, CELLS, ["canned"])
    assert len(canned.asked) == 4
    assert record(ledger, CELLS, ["canned"])
    assert len(canned.asked) == 4


def test_a_harness_that_fails_costs_one_try_and_says_why(canned: Canned, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "tries")
    record(ledger, CELLS, ["canned"])
    entries = ledger.entries("canned")
    assert [entry.get("failed") for entry in entries] == [None, "no luck", None, None]
    assert entries[0]["samples"] == [[1_000_000, None], [2_000_000]]


def test_a_line_that_was_cut_off_is_left_out_and_the_rest_stays(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for number in range(3):
        ledger.add("a", {"number": number})
    path = tmp_path / "a.jsonl.gz"
    whole = path.read_bytes()
    for cut in range(1, 12):
        path.write_bytes(whole[:-cut])
        assert [entry["number"] for entry in ledger.entries("a")] == [0, 1]
    ledger.add("a", {"number": 9})
    assert [entry["number"] for entry in ledger.entries("a")] == [0, 1, 9]
    assert subprocess.run(["gzip", "-t", str(path)]).returncode == 0


def test_samples_come_back_as_they_were() -> None:
    back = unpacked_samples(packed_samples([1.234567e-3, math.nan, 2e-9]))
    assert back[0] == 1.234567e-3
    assert math.isnan(back[1])
    assert back[2] == 2e-9


def test_burners_follow_their_seed_and_leave_with_the_context() -> None:
    one, same, other = (list(itertools.islice(spells("cpu", seed), 9)) for seed in (1, 1, 2))
    assert one == same != other
    before = {child.pid for child in psutil.Process().children()}
    with burning("cpu", 2, 1):
        assert len({child.pid for child in psutil.Process().children()} - before) == 2
    assert {child.pid for child in psutil.Process().children()} <= before


def test_a_ramp_takes_more_and_more_of_the_time() -> None:
    shares = [busy / (busy + rest) for busy, rest in itertools.islice(spells("ramp", 3), 400)]
    assert min(shares) < 0.05
    assert max(shares) > 0.95
    assert sum(after < before for before, after in itertools.pairwise(shares)) <= 2  # where it begins anew


@pytest.mark.parametrize("kernel", ["chain", "stream", "spin"])
def test_kernels_read_exactly_the_rows_they_are_given(kernel: str) -> None:
    assert call_of(kernel, 500)() == call_of(kernel, 500)() != call_of(kernel, 502)()
    with pytest.raises(ValueError, match="rows is 511"):
        call_of(kernel, 511)
