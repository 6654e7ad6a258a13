"""The line of requests before the engine: bounded, first come first served, each answer to the request it belongs to.

Everything here but :class:`Feed` runs in the event loop's thread, so nothing needs a lock. The engine is fed by a thread
of its own, and what it gives back is handed over to the loop by the number of the task.
"""

from __future__ import annotations

import asyncio
import math
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from labkit.core.errors import one_line
from labkit.engines import Engine, Outcome
from labkit.serve.limits import Limits
from labkit.serve.refusal import Refused

FULL = "the server has {} requests and takes no more at a time; come again later"
STOPPED = "the server was told to stop at once"
STOPPING = "the server is stopping: it finishes what it has and takes no more"
AHEAD = 2  # images a worker has: the one it is at, and the one that it finds when it is done
SMOOTHING = 0.1  # of the newest image's time in the mean


class Pending:
    """One image in the line. ``future`` gets the engine's outcome, or the reason why nobody waits for it any more."""

    __slots__ = ("future", "task")

    def __init__(self, task: tuple[Any, ...], future: asyncio.Future[Outcome]) -> None:
        self.task = task
        self.future = future

    def give_up(self, error: Exception) -> None:
        """End the waiting for it; what is not with the engine yet never goes there."""
        if not self.future.done():
            self.future.set_exception(error)


class RequestQueue:
    """Admits requests up to a bound, and keeps the engine's workers busy with the oldest of them.

    A few images are with the engine at a time; the others wait here, where a client that leaves still takes its own back.
    """

    def __init__(self, workers: int, limits: Limits) -> None:
        self.workers = workers
        self.capacity = limits.queue + workers
        self.ahead = AHEAD * workers
        self.admitted = 0
        self.stopping = False
        self.failure: str | None = None
        self.empty = asyncio.Event()
        self.empty.set()
        self._loop: asyncio.AbstractEventLoop
        self._feed: Feed
        self._waiting: deque[Pending] = deque()
        self._given: dict[int, Pending] = {}
        self._next = 0
        self._mean_s = 0.0

    def open(self, engine: Engine) -> None:
        """Begin to move, in the event loop that is running."""
        self._loop = asyncio.get_running_loop()
        self._feed = Feed(engine, self._loop, self._arrived, self._broken)

    @property
    def depth(self) -> int:
        """Images that wait for a worker."""
        return len(self._waiting) + max(0, len(self._given) - self.workers)

    @contextmanager
    def place(self) -> Iterator[None]:
        """A request's place, from before its body is read to its answer; raises Refused 503 when there is none."""
        if self.stopping:
            raise Refused(503, STOPPING, retry_s=1)
        if self.admitted >= self.capacity:
            wait_s = math.ceil(self.capacity * self._mean_s / self.workers)
            raise Refused(503, FULL.format(self.admitted), retry_s=max(1, wait_s))
        self.admitted += 1
        self.empty.clear()
        try:
            yield
        finally:
            self.admitted -= 1
            if not self.admitted:
                self.empty.set()

    def enter(self, task: tuple[Any, ...]) -> Pending:
        """Put an image at the end of the line."""
        pending = Pending(task, self._loop.create_future())
        self._waiting.append(pending)
        self._advance()
        return pending

    def withdraw(self, pending: Pending) -> None:
        """Take an image back that was given up: its bytes must not wait where its client does not. Begun ones run on."""
        with suppress(ValueError):
            self._waiting.remove(pending)

    def worked(self, seconds: float) -> None:
        """Learn how long an image takes: from that follows when a client that was refused should come again."""
        self._mean_s += (SMOOTHING if self._mean_s else 1.0) * (seconds - self._mean_s)

    def give_up(self) -> None:
        """Refuse also what was admitted."""
        self.stopping = True
        self._end(Refused(503, STOPPED, retry_s=1))

    async def close(self) -> None:
        """End the feeding thread, and what the engine is still at: nobody waits for that."""
        self.give_up()
        await asyncio.to_thread(self._feed.close)

    def _advance(self) -> None:
        while self._waiting and len(self._given) < self.ahead:
            pending = self._waiting.popleft()
            if pending.future.done():  # given up meanwhile
                continue
            self._given[self._next] = pending
            self._next += 1
            self._feed.put(pending.task)

    def _arrived(self, outcome: Outcome) -> None:
        pending = self._given.pop(outcome.index)
        if not pending.future.done():
            pending.future.set_result(outcome)
        self._advance()

    def _broken(self, why: str) -> None:
        self.stopping, self.failure = True, why
        self._end(Refused(500, why))

    def _end(self, error: Refused) -> None:
        for pending in [*self._given.values(), *self._waiting]:
            pending.give_up(error)


class Feed:
    """A thread that gives tasks to the engine as they come and hands its outcomes over to the event loop."""

    def __init__(
        self,
        engine: Engine,
        loop: asyncio.AbstractEventLoop,
        arrived: Callable[[Outcome], None],
        broken: Callable[[str], None],
    ) -> None:
        self._engine, self._loop, self._arrived, self._broken = engine, loop, arrived, broken
        self._tasks: queue.SimpleQueue[tuple[Any, ...] | None] = queue.SimpleQueue()
        self._with_engine = 0
        self._thread = threading.Thread(target=self._run, name="labkit serve feed", daemon=True)
        self._thread.start()

    def put(self, task: tuple[Any, ...]) -> None:
        """Tasks are numbered 0, 1, … in the order of these calls; their outcomes bear the numbers."""
        self._tasks.put(task)

    def close(self) -> None:
        """End the thread, and what the engine is still at: nobody waits for that."""
        self._tasks.put(None)
        self._thread.join()

    def _incoming(self) -> Iterator[tuple[Any, ...] | None]:
        while True:
            try:
                # The engine asks again and again while something runs. With nothing there it sleeps here, at no cost.
                task = self._tasks.get(block=not self._with_engine)
            except queue.Empty:
                yield None
                continue
            if task is None:
                raise _Closed
            self._with_engine += 1
            yield task

    def _run(self) -> None:
        try:
            for outcome in self._engine.stream(self._incoming()):
                self._with_engine -= 1
                self._loop.call_soon_threadsafe(self._arrived, outcome)
        except _Closed:
            pass
        except Exception as error:
            self._loop.call_soon_threadsafe(self._broken, f"the engine has failed: {one_line(error)}")


class _Closed(BaseException):
    """Ends a stream from within its tasks; no Exception, which would first wait for what runs."""
