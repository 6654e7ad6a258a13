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
        self.standing: list[Any] = []
        self.kept: dict[tuple[str, ...], Any] = {}
        self.ran: list[Any] = []
        self.closed = False

    def tell(self, *commands: Any) -> None:
        self.standing += commands

    def run(self, task: Any, limits: Limits) -> Outcome:
        self.ran.append(task)
        return Outcome(self.ending, "after 60 s" if self.ending != "done" else "")

    def settle(self) -> None:
        if self.ending == "lost":
            raise ParentLost

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A fleet without processes, whose clean parent knew two things."""
    monkeypatch.setattr(fleet, "Parent", Stub)
    made: Any = object.__new__(Fleet)
    made.threads, made._rng, made._wanted, made.launchers = 1, None, None, []
    made.clean = Stub()
    made.clean.standing = [("import", ["numpy"])]
    made.clean.kept = {("exam",): ("exam task", Limits(1)), ("edge_cases",): ("edge task", Limits(1))}
    return made


def test_a_fresh_parent_is_told_and_finds_again_what_the_lost_one_knew(lost: Any) -> None:
    before = lost.clean
    fresh = lost.replace(before)
    assert before.closed
    assert lost.clean is fresh
    assert (fresh.standing, fresh.ran) == ([("import", ["numpy"])], ["exam task", "edge task"])


def test_what_is_not_found_again_is_nobody_s_fault_and_said(lost: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stub, "ending", "timed_out")
    with pytest.raises(ParentLost, match="could not be found again: timed_out after 60 s"):
        lost.replace(lost.clean)
    assert lost.clean.ran == ["exam task"]


@pytest.mark.parametrize(("at_once", "order"), [(True, "tell tell settle settle"), (False, "tell settle tell settle")])
def test_launchers_get_ready_at_once_or_one_by_one_where_memory_is_scarce(
    lost: Any, monkeypatch: pytest.MonkeyPatch, at_once: bool, order: str
) -> None:
    done: list[str] = []
    monkeypatch.setattr(Stub, "tell", lambda self, *commands: done.append("tell"))
    monkeypatch.setattr(Stub, "settle", lambda self: done.append("settle"))
    lost.launchers = [Stub(), Stub()]
    lost.settle(("import", ["numpy"]), at_once=at_once)
    assert " ".join(done) == order


def test_a_launcher_that_is_lost_while_it_gets_ready_is_replaced(lost: Any) -> None:
    lost.launchers = [Stub(), Stub()]
    sound, broken = lost.launchers
    broken.ending = "lost"
    lost.settle(("import", ["numpy"]))
    assert lost.launchers[0] is sound
    assert lost.launchers[1] is not broken
