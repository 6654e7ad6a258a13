"""Flow control: bounded, lazy, ordered or as done, and who is retried when a worker dies; with a backend that obeys the test."""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from labkit.engines import open_engine
from labkit.engines.batches import Answer, Failure, Task
from labkit.engines.stream import Engine
from tests.engines.tasks import LOCAL_ENGINES

Script = Callable[[int, list[Task]], Answer]


class Obedient:
    """A backend without workers: a script answers each batch, the last handed over first."""

    def __init__(
        self, script: Script | None = None, chunk: int | None = 1, workers: int = 2, paced: bool = False
    ) -> None:
        self.script = script or (lambda ticket, tasks: Answer(ticket, [(True, task[0]) for task in tasks]))
        self.chunk, self.workers, self.paced = chunk, workers, paced
        self.waiting: list[tuple[int, list[Task]]] = []
        self.batches: list[list[Any]] = []
        self.most = 0
        self.abandoned: set[int] = set()

    def begin(self) -> None: ...
    def close(self) -> None: ...

    def room(self) -> bool:
        return True

    def submit(self, ticket: int, tasks: list[Task]) -> None:
        self.waiting.append((ticket, tasks))
        self.batches.append([task[0] for task in tasks])
        self.most = max(self.most, sum(len(batch) for _, batch in self.waiting))

    def wait(self, timeout: float | None) -> list[Answer]:
        return [self.script(*self.waiting.pop())] if self.waiting else []

    def overdue(self, limit_s: float) -> list[Answer]:
        return []

    def abandon(self, tickets: set[int]) -> None:
        self.abandoned = tickets


def dying(guilty: int, *, known: bool) -> Script:
    """Answers of workers that die at one task; does anybody know at which?"""

    def script(ticket: int, tasks: list[Task]) -> Answer:
        numbers = [task[0] for task in tasks]
        if guilty in numbers:
            return Answer(ticket, lost="WorkerDied: SIGKILL", blamed=numbers.index(guilty) if known else None)
        return Answer(ticket, [(True, number) for number in numbers])

    return script


def numbers(count: int, taken: list[int] | None = None) -> Iterator[tuple[int]]:
    for number in range(count):
        if taken is not None:
            taken.append(number)
        yield (number,)


@pytest.mark.parametrize(("chunk", "in_flight"), [(1, 1), (1, 7), (5, 5), (5, 12), (9, 4)])
@pytest.mark.parametrize("ordered", [False, True])
def test_no_more_than_in_flight_are_taken_and_not_yielded(chunk: int, in_flight: int, ordered: bool) -> None:
    taken: list[int] = []
    found = []
    for outcome in Engine(Obedient(chunk=chunk), in_flight=in_flight).stream(numbers(100, taken), ordered):
        found.append(outcome.index)
        assert len(taken) - len(found) <= in_flight
    assert sorted(found) == list(range(100))
    assert not ordered or found == list(range(100))


@pytest.mark.parametrize("name", ["threads", "shared_memory"])
def test_a_hundred_thousand_inputs_are_never_all_taken(name: str) -> None:
    taken = itertools.count()
    most = done = 0
    given = ((next(taken),) for _ in range(100_000))
    with open_engine(name, abs, 2, in_flight=64, chunk=16) as engine:
        for outcome in engine.stream(given):
            assert outcome.value == outcome.index
            done += 1
            if done % 1000 == 0:
                ahead = int(repr(taken)[6:-1]) - done
                most = max(most, ahead)
    assert done == 100_000
    assert most <= 64


@pytest.mark.parametrize("name", LOCAL_ENGINES)
def test_a_slow_consumer_stops_the_reading(name: str) -> None:
    taken: list[int] = []
    with open_engine(name, abs, 2, in_flight=8) as engine:
        stream = engine.stream(numbers(1000, taken))
        for done in range(1, 6):
            next(stream)
            time.sleep(0.01)
            assert len(taken) <= done + 8
        stream.close()  # type: ignore[attr-defined]


def test_batches_are_whole_and_the_last_is_what_is_left() -> None:
    backend = Obedient(chunk=4)
    list(Engine(backend, in_flight=10).stream(numbers(10)))
    assert [len(batch) for batch in backend.batches] == [4, 4, 2]


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [([(0,)] * 64, 8), ([(0,)] * 5, 1), ([(0,)] * 100_000, 64), (((0,) for _ in range(99)), 8)],
    ids=["a share", "few", "many", "unknown"],
)
def test_a_chunk_is_a_quarter_of_a_workers_share_where_the_length_is_known(tasks: Any, expected: int) -> None:
    backend = Obedient(chunk=None)
    next(Engine(backend).stream(tasks))
    assert len(backend.batches[0]) == expected


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("chunk", [1, 5])
@pytest.mark.parametrize("ordered", [True, False])
def test_only_the_task_that_kills_its_workers_is_lost(known: bool, chunk: int, ordered: bool) -> None:
    backend = Obedient(dying(7, known=known), chunk=chunk)
    found = {outcome.index: outcome for outcome in Engine(backend).stream(numbers(40), ordered)}
    assert sorted(found) == list(range(40))
    assert {index: outcome.error for index, outcome in found.items() if outcome.error} == {7: "WorkerDied: SIGKILL"}
    assert all(found[index].value == index for index in range(40) if index != 7)
    assert [7] in backend.batches  # it was tried again, alone


def test_suspects_go_one_at_a_time_and_then_all_is_as_before() -> None:
    backend = Obedient(dying(7, known=False), chunk=5)
    alone = []

    def submit(ticket: int, tasks: list[Task]) -> None:
        Obedient.submit(backend, ticket, tasks)
        if len(tasks) == 1:
            alone.append(len(backend.waiting))

    backend.submit = submit  # type: ignore[method-assign]
    list(Engine(backend, in_flight=20).stream(numbers(100)))
    assert set(alone) == {1}
    assert len(backend.batches[-1]) == 5


def test_a_task_lost_to_a_single_death_is_done_again() -> None:
    deaths = iter([True])

    def script(ticket: int, tasks: list[Task]) -> Answer:
        if next(deaths, False):
            return Answer(ticket, lost="WorkerDied: SIGKILL", blamed=0)
        return Answer(ticket, [(True, task[0]) for task in tasks])

    found = list(Engine(Obedient(script)).stream(numbers(9)))
    assert sorted(outcome.value for outcome in found) == list(range(9))


def test_of_two_tasks_lost_at_once_neither_is_blamed() -> None:
    """Both workers are killed from outside, and so is the one that tries each task again: the third try counts."""
    goes: Counter[int] = Counter()

    def script(ticket: int, tasks: list[Task]) -> Answer:
        number = tasks[0][0]
        goes[number] += 1
        return Answer(ticket, [(True, number)]) if goes[number] == 3 else Answer(ticket, lost="WorkerDied: SIGKILL")

    found = list(Engine(Obedient(script)).stream(numbers(2), ordered=True))
    assert [(outcome.value, outcome.error) for outcome in found] == [(0, None), (1, None)]


def test_a_batch_that_could_not_be_sent_is_tried_task_by_task() -> None:
    def script(ticket: int, tasks: list[Task]) -> Answer:
        if any(task[0] == 3 for task in tasks):
            return Answer(ticket, failure=Failure("TypeError: cannot pickle"))
        return Answer(ticket, [(True, task[0]) for task in tasks])

    found = {outcome.index: outcome for outcome in Engine(Obedient(script, chunk=4)).stream(numbers(8))}
    assert [index for index, outcome in found.items() if outcome.error] == [3]
    assert len(found) == 8


def test_an_error_of_the_input_comes_after_what_was_taken_before_it() -> None:
    def broken() -> Iterator[tuple[int]]:
        yield (0,)
        yield (1,)
        raise OSError("the disk is gone")

    stream = Engine(Obedient()).stream(broken())
    assert sorted([next(stream).value, next(stream).value]) == [0, 1]
    with pytest.raises(OSError, match="the disk is gone"):
        next(stream)


def test_where_the_input_has_nothing_at_the_moment_the_answers_go_on() -> None:
    done: list[int] = []

    def live() -> Iterator[tuple[int] | None]:
        yield (0,)
        while not done:
            yield None
        yield (1,)

    for outcome in Engine(Obedient()).stream(live()):
        done.append(outcome.value)
    assert done == [0, 1]


def test_a_stream_left_early_gives_up_what_is_under_way_and_another_may_follow() -> None:
    backend = Obedient()
    engine = Engine(backend)
    stream = engine.stream(numbers(100))
    next(stream)
    with pytest.raises(RuntimeError, match="busy with another stream"):
        next(engine.stream(numbers(1)))
    stream.close()  # type: ignore[attr-defined]
    assert [outcome.value for outcome in engine.stream(numbers(3), ordered=True)] == [0, 1, 2]


def test_a_closed_engine_says_so() -> None:
    with open_engine("serial", abs, 1) as engine:
        pass
    engine.close()
    with pytest.raises(RuntimeError, match="the engine is closed"):
        next(engine.stream(numbers(1)))
