"""A child's time limit counts the calls that are charged to it; what a check takes beside them is not told as a hang."""

from __future__ import annotations

import time
from dataclasses import dataclass
from multiprocessing.connection import Pipe
from typing import Any

import pytest

from labkit.processes import charge
from labkit.processes import parent as parents
from labkit.processes.parent import Limits


def test_all_time_counts_until_some_is_told_apart() -> None:
    account = charge.Charge()
    time.sleep(0.02)
    assert account.seconds() >= 0.02
    call = account.to(time.sleep)
    assert account.seconds() == 0.0
    call(0.02)
    spent = account.seconds()
    assert spent >= 0.02
    time.sleep(0.01)
    assert account.seconds() == spent


def test_time_counts_while_a_call_goes_on_and_when_it_raises() -> None:
    account = charge.Charge()
    seen = []

    def fails() -> None:
        time.sleep(0.01)
        seen.append(account.seconds())
        raise ValueError("told")

    with pytest.raises(ValueError, match="told"):
        account.to(fails)()
    assert seen[0] >= 0.01
    assert account.seconds() >= seen[0]


@dataclass(frozen=True)
class Sleeps:
    """A task that sleeps: so long charged, and so long beside it."""

    charged: float
    beside: float

    def run(self, held: Any, send: Any, mark: Any) -> None:
        charge.current.to(time.sleep)(self.charged)
        time.sleep(self.beside)


@pytest.mark.parametrize(
    ("task", "times", "ending"),
    [
        (Sleeps(0.01, 0.6), 10, "done"),
        (Sleeps(60.0, 0.0), 10, "timed_out"),
        (Sleeps(0.01, 60.0), 2, "check_timed_out"),
    ],
)
def test_a_child_is_ended_by_what_is_charged_to_it(
    task: Sleeps, times: float, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parents, "UNCHARGED_TIMES", times)
    monkeypatch.setattr(parents, "WATCH_TIME_S", 0.05)
    ours, theirs = Pipe()
    assert parents._forked(task, Limits(0.4), {}, theirs).ending == ending
    ours.close()
