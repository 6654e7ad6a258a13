"""Flow control, the same for every engine: how tasks go in, how outcomes come out, and what happens when a worker dies.

A stream holds at most ``in_flight`` tasks: taken from the iterator and not yet yielded. A slow consumer therefore stops
the reading of the tasks. Batches lost with a worker are handed over again. The task that a dying worker was at is *blamed*:
blamed twice, it gets the death as its error. Where nobody knows whose fault it was, the suspects go one at a time.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sized
from itertools import count
from typing import Any

from labkit.core.errors import UsageError
from labkit.engines.batches import Answer, Backend, Failure, Outcome, Result, Task, failure
from labkit.engines.pace import Pace

MOST_BLAME = 2
GRACE_S = 0.2  # a stream that is closed early lets what runs finish for so long, rather than killing its workers
PAUSE_S = 0.002
STARTING_S = 0.05
LARGEST_CHUNK = 64  # of those chosen here: a quarter of a worker's share of 100,000 images would not fit into memory
UNKNOWN_CHUNK = 8
Indexed = tuple[int, Task]

_tickets = count(1)


class Engine:
    """One function over many tasks, again and again, until it is closed."""

    def __init__(
        self,
        backend: Backend,
        *,
        chunk: int | None = None,
        in_flight: int | None = None,
        time_limit_s: float | None = None,
    ) -> None:
        self._backend = backend
        self._chunk, self._in_flight, self._time_limit_s = chunk, in_flight, time_limit_s
        self._pace = Pace(backend.workers) if backend.paced and chunk is None else None
        self._streaming = False
        self._closed = False

    @property
    def workers(self) -> int:
        return self._backend.workers

    @property
    def restarts(self) -> int:
        """Workers started in place of others that died, or were ended at what they did."""
        return max(0, getattr(self._backend, "hired", 0) - self.workers)

    def stream(self, tasks: Iterable[Task | None], ordered: bool = False) -> Iterator[Outcome]:
        """Outcomes of the tasks (argument tuples), as they are done, or in the tasks' order.

        ``tasks`` is consumed lazily. Where it yields None there is nothing to do at the moment: the stream attends to
        what runs, and asks again. An exception of the iterator itself is raised after all tasks before it were answered.
        Leaving the loop, Ctrl-C and an error in the consumer end the workers at what they do.
        Raises RuntimeError while another stream of this engine goes on, or after it was closed.
        """
        chunk = self._chunk or self._backend.chunk
        if chunk is None:
            length = len(tasks) if isinstance(tasks, Sized) else UNKNOWN_CHUNK * 4 * self.workers
            chunk = min(LARGEST_CHUNK, max(1, length // (4 * self.workers)))
        flow = _Flow(self._backend, tasks, chunk, self._in_flight, self._time_limit_s, ordered, self._pace)
        return self._run(flow)

    def _run(self, flow: _Flow) -> Iterator[Outcome]:
        if self._closed:
            raise RuntimeError("the engine is closed")
        if self._streaming:
            raise RuntimeError("the engine is busy with another stream: finish or close that first")
        self._streaming = True
        try:
            yield from flow.run()
        finally:
            self._streaming = False

    def close(self) -> None:
        """End the workers. May be done twice."""
        if not self._closed:
            self._closed = True
            self._backend.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Flow:
    """One stream's state."""

    def __init__(
        self,
        backend: Backend,
        tasks: Iterable[Task | None],
        chunk: int,
        in_flight: int | None,
        time_limit_s: float | None,
        ordered: bool,
        pace: Pace | None,
    ) -> None:
        self.backend, self.source, self._chunk, self._in_flight = backend, tasks, chunk, in_flight
        self.time_limit_s, self.ordered, self.pace = time_limit_s, ordered, pace
        self.length = len(tasks) if isinstance(tasks, Sized) else None
        self.out: dict[int, list[Indexed]] = {}
        self.again: deque[list[Indexed]] = deque()
        self.cautious = False  # suspects go one at a time
        self.company: set[int] = set()  # under way when another was lost: not alone, though left alone since
        self.blame: dict[int, int] = {}
        self.ready: deque[Outcome] = deque()
        self.early: dict[int, Outcome] = {}  # done before one that comes before it
        self.next = 0
        self.held = 0
        self.taken = 0
        self.exhausted = self.paused = False
        self.source_error: Exception | None = None
        self.look_at = 0.0

    def size(self) -> tuple[int, int]:
        """Tasks that the next batch takes, and the most that may be taken and not yet yielded."""
        chunk = self._chunk
        if self.pace is not None:
            chunk = self.pace.chunk
            if self.length is not None:  # towards the end in smaller ones, so that all workers end at about one time
                chunk = max(1, min(chunk, (self.length - self.taken) // (2 * self.backend.workers)))
        in_flight = self._in_flight or 4 * self.backend.workers * chunk
        return min(chunk, in_flight), in_flight

    def run(self) -> Iterator[Outcome]:
        self.iterator = iter(self.source)
        self.backend.begin()
        if self.pace is not None:
            self.pace.begin()
        try:
            while True:
                self.fill()
                if self.out:
                    self.attend(0.0 if self.ready else self.patience())
                elif not self.ready:
                    if self.exhausted and not self.again:
                        break
                    if self.paused:
                        time.sleep(PAUSE_S)
                    else:
                        self.attend(STARTING_S)  # no room, and yet nothing runs: workers are on their way
                if self.ready:
                    self.held -= 1
                    yield self.ready.popleft()
        except GeneratorExit:
            self.drain()
            raise
        finally:
            self.backend.abandon(set(self.out))
        if self.source_error is not None:
            raise self.source_error

    def patience(self) -> float | None:
        if self.paused:
            return PAUSE_S
        return None if self.time_limit_s is None else max(0.01, min(1.0, self.time_limit_s / 4))

    def fill(self) -> None:
        """Hand over as many batches as there is room for."""
        self.paused = False
        while True:
            if self.cautious:
                if self.out:
                    return
                if not self.again:
                    self.cautious = False
                    continue
            elif not self.backend.room():
                return
            batch = self.again.popleft() if self.again else self.take()
            if not batch:
                return
            ticket = next(_tickets)
            self.out[ticket] = batch
            try:
                self.backend.submit(ticket, [task for _, task in batch])
            except Exception as error:
                self.settle(Answer(ticket, failure=failure(error)))

    def take(self) -> list[Indexed]:
        """The next batch of the source; empty when there is none, or no room for a whole one."""
        batch: list[Indexed] = []
        chunk, in_flight = self.size()
        if self.exhausted or in_flight - self.held < chunk:
            return batch
        for _ in range(chunk):
            try:
                task = next(self.iterator)
            except StopIteration:
                self.exhausted = True
                break
            except Exception as error:
                self.exhausted, self.source_error = True, error
                break
            if task is None:
                self.paused = True
                break
            batch.append((self.taken, task))
            self.taken += 1
            self.held += 1
        return batch

    def attend(self, timeout: float | None) -> None:
        for answer in self.backend.wait(timeout):
            self.settle(answer)
        if self.time_limit_s is not None and self.out and (now := time.monotonic()) >= self.look_at:
            self.look_at = now + max(0.01, min(1.0, self.time_limit_s / 4))
            for answer in self.backend.overdue(self.time_limit_s):
                self.settle(answer)

    def settle(self, answer: Answer) -> None:
        alone = len(self.out) == 1 and answer.ticket not in self.company
        batch = self.out.pop(answer.ticket, None)
        if batch is None:
            return  # of a stream that was given up
        if answer.results is not None:
            if self.pace is not None:
                self.pace.answered(len(batch))
            for (index, _), result in zip(batch, answer.results, strict=True):
                self.finish(index, result)
        elif answer.failure is not None:
            if len(batch) == 1:
                self.finish(batch[0][0], (False, answer.failure))
            else:
                self.again.extend([task] for task in batch)
        else:
            self.mourn(batch, answer, alone)

    def mourn(self, batch: list[Indexed], answer: Answer, alone: bool) -> None:
        """A batch was lost with its worker."""
        if answer.innocent:
            self.again.append(batch)
            return
        blamed = 0 if answer.blamed is None and alone and len(batch) == 1 else answer.blamed
        if blamed is None:
            self.cautious = True
            self.company = set(self.out)
            self.again = deque([task] for lost in (*self.again, batch) for task in lost)
            return
        index = batch[blamed][0]
        self.blame[index] = self.blame.get(index, 0) + 1
        if answer.final or self.blame[index] >= MOST_BLAME:
            self.finish(index, (False, Failure(str(answer.lost))))
        else:
            self.again.append([batch[blamed]])
        if others := batch[:blamed] + batch[blamed + 1 :]:
            self.again.append(others)

    def finish(self, index: int, result: Result) -> None:
        ok, value = result
        outcome = Outcome(index, value) if ok else Outcome(index, None, value.text, value.packed)
        if not self.ordered:
            self.ready.append(outcome)
            return
        self.early[index] = outcome
        while self.next in self.early:
            self.ready.append(self.early.pop(self.next))
            self.next += 1

    def drain(self) -> None:
        """Let short tasks finish: their workers need not be killed then."""
        end = time.monotonic() + GRACE_S
        while self.out and (left := end - time.monotonic()) > 0:
            for answer in self.backend.wait(left):
                self.out.pop(answer.ticket, None)


def checked(name: str, value: Any, kind: type | tuple[type, ...], least: float) -> None:
    """Raise UsageError unless an argument is of the kind, and at least (a float: more than) the least."""
    fits = isinstance(value, kind) and not isinstance(value, bool)
    if not fits or value < least or (value == least == 0):
        wanted = f"an integer of at least {least}" if kind is int else f"a number of seconds above {least}"
        raise UsageError(f"{name} is {value!r}; give {wanted}")
