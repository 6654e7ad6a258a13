"""What a fleet does when one of its parents is lost."""

from __future__ import annotations

from typing import Any

import pytest

from labkit.processes import fleet
from labkit.processes.fleet import Fleet, ParentLost
from labkit.processes.parent import Limits, Outcome


class Stub:
    """A parent whose tasks end as it is told."""

    ending = "done"

    def __init__(self, *arguments: Any) -> None:
        self.told: list[Any] = []
        self.kept: dict[tuple[str, ...], Any] = {}
        self.ran: list[Any] = []
        self.closed = False

    def tell(self, *commands: Any) -> None:
        self.told += commands

    def run(self, task: Any, limits: Limits) -> Outcome:
        self.ran.append(task)
        return Outcome(self.ending, "after 60 s" if self.ending != "done" else "")

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A fleet without processes, whose clean parent knew two things."""
    monkeypatch.setattr(fleet, "Parent", Stub)
    made: Any = object.__new__(Fleet)
    made.threads, made._rng, made._wanted, made.launchers = 1, None, None, []
    made.clean = Stub()
    made.clean.told = [("import", ["numpy"])]
    made.clean.kept = {("exam",): ("exam task", Limits(1)), ("edge_cases",): ("edge task", Limits(1))}
    return made


def test_a_fresh_parent_is_told_and_finds_again_what_the_lost_one_knew(lost: Any) -> None:
    before = lost.clean
    fresh = lost.replace(before)
    assert before.closed
    assert lost.clean is fresh
    assert (fresh.told, fresh.ran) == ([("import", ["numpy"])], ["exam task", "edge task"])


def test_what_is_not_found_again_is_nobody_s_fault_and_said(lost: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stub, "ending", "timed_out")
    with pytest.raises(ParentLost, match="could not be found again: timed_out after 60 s"):
        lost.replace(lost.clean)
    assert lost.clean.ran == ["exam task"]
