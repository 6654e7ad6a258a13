"""Nothing that a measured process has started outlives it, in whatever session it runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labkit.processes.fleet import Parent
from labkit.processes.parent import Limits

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="orphans are adopted on Linux only")
DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    open({file!r}, "a").write(f"{{os.getpid()}} ")
    time.sleep(600)
open({file!r}, "a").write(f"{{os.getpid()}} ")
time.sleep(600)
"""


@dataclass(frozen=True)
class Starts:
    """Start a process in a session of its own, which starts another in one of its own; end, or never."""

    file: str
    forever: bool = False

    def run(self, held: Any, send: Any, mark: Any) -> None:
        subprocess.Popen([sys.executable, "-c", DAEMON.format(file=self.file)], start_new_session=True)
        while len(started(self.file)) < 2 or self.forever:
            time.sleep(0.01)


def started(file: str) -> list[int]:
    path = Path(file)
    return [int(number) for number in path.read_text().split()] if path.exists() else []


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def parent() -> Iterator[Parent]:
    made = Parent(1, np.random.default_rng(0), set())
    yield made
    made.close()


def test_sessions_of_a_task_that_is_done_are_ended(parent: Parent, tmp_path: Path) -> None:
    file = str(tmp_path / "started")
    assert parent.run(Starts(file), Limits(60)).ending == "done"
    assert len(started(file)) == 2
    assert not any(map(alive, started(file)))


@dataclass(frozen=True)
class Ends:
    """Close every file, or raise an error that has no text."""

    closing: bool

    def run(self, held: Any, send: Any, mark: Any) -> None:
        if not self.closing:
            raise Speechless
        os.closerange(3, 100)
        send("anything", 1)


class Speechless(Exception):
    """Its text raises."""

    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("closing", "ending", "words"),
    [(True, "exit", "closes file descriptors that are not its own"), (False, "raised", "Speechless: (its text raised")],
)
def test_who_can_not_say_how_it_ended_is_told_what_can_be_known(
    parent: Parent, closing: bool, ending: str, words: str
) -> None:
    outcome = parent.run(Ends(closing), Limits(60))
    assert outcome.ending == ending
    assert words in outcome.detail


def test_sessions_of_a_task_that_takes_too_long_are_ended(parent: Parent, tmp_path: Path) -> None:
    file = str(tmp_path / "started")
    assert parent.run(Starts(file, forever=True), Limits(3)).ending == "timed_out"
    assert not any(map(alive, started(file)))


def test_sessions_are_ended_when_nobody_wants_the_task_any_more(parent: Parent, tmp_path: Path) -> None:
    file = str(tmp_path / "started")
    parent.ready()
    parent._send(("fork", Starts(file, forever=True), Limits(60)))
    deadline = time.monotonic() + 30
    while len(started(file)) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    parent.close()
    assert len(started(file)) == 2
    assert not any(map(alive, started(file)))
