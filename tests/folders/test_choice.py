"""``auto`` picks by measuring work that is to be done anyway: nothing is done twice, nothing is left out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from labkit.engines import Outcome
from labkit.folders import choice
from labkit.folders.choice import Chooser
from labkit.folders.drive import NoRoom
from labkit.folders.plan import FileTask
from labkit.folders.work import Done

ENGINES = ("serial", "threads", "shared_memory")
PROCESSES = ("shared_memory",)


class Clock:
    """Time that only images take."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Opened:
    def __init__(self, name: str, workers: int) -> None:
        self.name, self.workers = name, workers

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None: ...


class MockDriver:
    """Does images in no time, and moves the clock as engines of these speeds would (images a second)."""

    memory_limit = None

    def __init__(
        self, clock: Clock, rates: dict[tuple[str, int], float], no_room: frozenset[str] = frozenset()
    ) -> None:
        self.clock, self.rates, self.no_room = clock, rates, no_room
        self.opened: list[tuple[str, int]] = []

    def open(self, engine: str, workers: int) -> Opened:
        self.opened.append((engine, workers))
        return Opened(engine, workers)

    def outcomes(self, engine: Opened, tasks: Sequence[FileTask]) -> Iterator[tuple[FileTask, Outcome]]:
        if engine.name in self.no_room:
            raise NoRoom(engine.name)
        for task in tasks:
            self.clock.now += 1 / self.rates[engine.name, engine.workers]
            yield task, Outcome(0, Done(1, 1_000_000))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "perf_counter", made)
    return made


def chosen(
    clock: Clock,
    rates: dict[tuple[str, int], float],
    count: int,
    engines: Sequence[str] = ENGINES,
    workers: int | None = None,
    **facts: object,
) -> tuple[choice.EngineChoice, Counter[str], MockDriver]:
    driver = MockDriver(clock, rates, **facts)
    tasks = [FileTask(f"{number}.jpg", ()) for number in range(count)]
    done: Counter[str] = Counter()

    def settle(task: FileTask, outcome: Outcome) -> None:
        done[task.image] += 1

    made = Chooser(driver, tasks, settle).choose(engines, workers)
    done.update(task.image for task in tasks)
    assert done == Counter(f"{number}.jpg" for number in range(count))  # each once: done, or still to do
    return made, done, driver


RATES = {("serial", 1): 10.0, ("threads", 2): 14.0, ("shared_memory", 2): 19.0}


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({}, "shared_memory × 2"),
        ({("threads", 2): 25.0}, "threads × 2"),
        ({("threads", 2): 18.9}, "threads × 2"),  # as fast, and simpler
        ({("threads", 2): 9.9, ("shared_memory", 2): 10.2}, "serial"),
    ],
)
def test_the_fastest_is_picked_and_the_simpler_one_when_they_are_alike(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, change: dict[tuple[str, int], float], wanted: str
) -> None:
    monkeypatch.setattr(choice, "cpu_limit", lambda: 2)
    made, _, _ = chosen(clock, RATES | change, 300)
    assert str(made) == wanted
    assert {row["engine"] for row in made.measured} == set(ENGINES)
    assert f"auto: {wanted}; measured on " in made.reason


def test_fewer_workers_are_tried_once_the_engine_is_known(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "cpu_limit", lambda: 8)
    rates = {("serial", 1): 10.0, ("threads", 8): 20.0, ("shared_memory", 8): 40.0, ("shared_memory", 2): 19.0}
    made, _, driver = chosen(clock, rates | {("shared_memory", 4): 38.0, ("shared_memory", 6): 50.0}, 5000)
    assert str(made) == "shared_memory × 6"
    assert {workers for engine, workers in driver.opened if engine == "shared_memory"} == {2, 4, 6, 8}


def test_little_work_is_done_without_starting_anything(clock: Clock) -> None:
    made, _, driver = chosen(clock, RATES, 30)
    assert str(made) == "serial"
    assert driver.opened == [("serial", 1)]
    assert "serial, for about 2." in made.reason


def test_work_that_is_over_before_a_choice_is_not_told_as_none(clock: Clock) -> None:
    made, done, _ = chosen(clock, RATES, 3)
    assert made.reason == "auto: serial, for so few images"
    assert sum(done.values()) == 3


def test_a_few_very_slow_images_are_not_spent_on_measuring(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "cpu_limit", lambda: 8)
    made, _, driver = chosen(clock, {("serial", 1): 0.1}, 6)
    assert str(made) == "shared_memory × 8"
    assert driver.opened == [("serial", 1)]
    assert made.reason.endswith("too few images to measure on")


def test_with_a_time_limit_no_image_runs_in_this_process(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "cpu_limit", lambda: 4)
    rates = {("shared_memory", workers): 5.0 * workers for workers in range(1, 5)}
    made, _, driver = chosen(clock, rates, 100, PROCESSES)
    assert str(made) == "shared_memory × 4"
    assert {engine for engine, _ in driver.opened} <= {"shared_memory"}


def test_a_number_of_workers_that_is_given_is_kept(clock: Clock) -> None:
    rates = {("serial", 1): 10.0, ("threads", 3): 22.0, ("shared_memory", 3): 15.0}
    made, _, _ = chosen(clock, rates, 300, workers=3)
    assert str(made) == "threads × 3"


def test_a_candidate_that_has_no_room_is_left_out(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "cpu_limit", lambda: 2)
    monkeypatch.setattr(MockDriver, "memory_limit", 10**9)
    made, _, _ = chosen(clock, RATES, 300, no_room=frozenset({"shared_memory"}))
    assert str(made) == "threads × 2"
