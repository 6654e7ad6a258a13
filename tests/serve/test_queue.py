"""The line before the engine, without a network."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from labkit.engines import open_engine
from labkit.serve.limits import Limits
from labkit.serve.queue import AHEAD, RequestQueue
from labkit.serve.refusal import Disconnected, Refused


def in_line(
    function: Callable[..., Any], test: Callable[[RequestQueue], Coroutine[Any, Any, None]], queue: int = 8
) -> None:
    """Run a test with a line before one thread."""

    async def main() -> None:
        line = RequestQueue(1, Limits(queue=queue))
        line.open(engine)
        try:
            await test(line)
        finally:
            await line.close()

    with open_engine("threads", function, 1, chunk=1, in_flight=AHEAD) as engine:
        asyncio.run(main())


def test_every_job_gets_the_outcome_of_its_own_task() -> None:
    async def test(line: RequestQueue) -> None:
        jobs = [line.enter((number,)) for number in range(200)]
        assert [(await job.future).value for job in jobs] == [number * number for number in range(200)]

    in_line(lambda number: number * number, test)


def test_a_job_that_is_withdrawn_is_never_worked_on() -> None:
    go, seen = threading.Event(), []

    def work(number: int) -> int:
        go.wait(10)
        seen.append(number)
        return number

    async def test(line: RequestQueue) -> None:
        jobs = [line.enter((number,)) for number in range(6)]
        assert line.depth == 5
        jobs[4].give_up(Disconnected())
        line.withdraw(jobs[4])
        assert line.depth == 4
        go.set()
        assert (await jobs[5].future).value == 5
        with pytest.raises(Disconnected):
            await jobs[4].future

    in_line(work, test)
    assert seen == [0, 1, 2, 3, 5]


def test_places_are_bounded_and_given_back() -> None:
    async def test(line: RequestQueue) -> None:
        with line.place(), line.place(), line.place():
            assert not line.empty.is_set()
            with pytest.raises(Refused) as full, line.place():
                pass
            assert full.value.refusal.status == 503
        assert line.empty.is_set()
        with line.place():
            pass

    in_line(lambda: None, test, queue=2)


def test_who_is_refused_is_told_when_the_line_will_have_moved() -> None:
    async def test(line: RequestQueue) -> None:
        line.worked(3.0)
        with line.place(), line.place(), pytest.raises(Refused) as full, line.place():
            pass
        assert full.value.refusal.retry_s == 6

    in_line(lambda: None, test, queue=1)


def test_an_engine_that_fails_ends_all_waiting() -> None:
    async def test(line: RequestQueue) -> None:
        job = line.enter((1,))
        line._broken("the engine has failed: RuntimeError: it is gone")
        with pytest.raises(Refused) as ended:
            await job.future
        assert ended.value.refusal.status == 500
        assert line.failure == "the engine has failed: RuntimeError: it is gone"
        with pytest.raises(Refused), line.place():
            pass

    in_line(lambda number: number, test)
