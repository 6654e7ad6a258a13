"""How many short tasks go to a worker at a time: learnt from a clock that these tests turn themselves."""

from __future__ import annotations

import pytest

from labkit.engines import Outcome, open_engine, pace
from labkit.engines.pace import BATCH_S, MOST, Pace
from labkit.engines.stream import Engine
from tests.engines.test_stream import Obedient


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(pace.time, "perf_counter", lambda: self.now)


def after(clock: Clock, learner: Pace, each_s: float, batches: int) -> int:
    """The chunk when so many batches were answered, each task of which kept one worker for so long."""
    for _ in range(batches):
        clock.now += each_s * learner.chunk / 2
        learner.answered(learner.chunk)
    return learner.chunk


@pytest.mark.parametrize(
    ("each_s", "chunk"),
    [(1e-6, MOST), (BATCH_S / 10, 10), (BATCH_S / 3, 3), (BATCH_S, 1), (1.0, 1)],
)
def test_a_batch_is_as_many_tasks_as_take_a_millisecond(
    monkeypatch: pytest.MonkeyPatch, each_s: float, chunk: int
) -> None:
    clock = Clock(monkeypatch)
    learner = Pace(2)
    learner.begin()
    assert after(clock, learner, each_s, 100) == chunk


def test_it_grows_by_no_more_than_twice_and_falls_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    learner = Pace(2)
    learner.begin()
    grown = [after(clock, learner, 1e-6, 8) for _ in range(4)]
    assert grown == [2, 4, 8, 16]
    assert after(clock, learner, 1.0, 8) == 1


def test_time_between_streams_counts_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    learner = Pace(2)
    learner.begin()
    clock.now += 3600
    learner.begin()
    assert after(clock, learner, BATCH_S / 4, 100) == 4


@pytest.mark.parametrize("in_flight", [None, 1, 5])
def test_batches_of_short_tasks_grow_keep_within_the_window_and_shrink_towards_the_end(in_flight: int | None) -> None:
    backend = Obedient(paced=True)
    found = sorted(
        Engine(backend, in_flight=in_flight).stream([(n,) for n in range(2000)]), key=lambda outcome: outcome.index
    )
    sizes = [len(batch) for batch in backend.batches]
    assert [outcome.index for outcome in found] == list(range(2000))
    assert sizes[0] == 1
    assert max(sizes) == (in_flight if in_flight is not None else MOST)
    assert sizes[-1] == 1


def test_who_says_how_many_gets_so_many() -> None:
    backend = Obedient(paced=True)
    list(Engine(backend, chunk=5).stream([(n,) for n in range(100)]))
    assert {len(batch) for batch in backend.batches} == {5}


def test_shared_memory_gives_short_tasks_back_in_order() -> None:
    with open_engine("shared_memory", abs, 2) as engine:
        found = list(engine.stream([(-n,) for n in range(3000)], ordered=True))
    assert found == [Outcome(n, n) for n in range(3000)]
