"""Engines on the standard library's pools: ``processes``, ``chunks`` (ProcessPoolExecutor) and ``pool_imap`` (Pool).

Neither pool survives the death of a worker: an executor breaks as a whole, a Pool waits for ever for the lost answer, and
both can hang where a worker was killed while it held a lock or wrote half a result. So each worker tells on the board what it
is at; when one dies or takes too long, all are killed, a fresh pool starts, and what was not answered is handed over again.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import re
import signal
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from multiprocessing.pool import MaybeEncodingError  # type: ignore[attr-defined]
from typing import Any

from labkit.engines import starting
from labkit.engines.batches import Answer, Failure, Result, Task, failure
from labkit.engines.board import Board
from labkit.engines.crew import how_it_ended

START_S = 60.0
LOOK_EVERY_S = 0.1  # at most so late is a death noticed that the pool itself does not tell


class LibraryPool:
    """What both pools have in common: batches under way, and beginning anew."""

    chunk: int | None = 1
    paced = False
    name = ""

    def __init__(self, function: Callable[..., Any], workers: int, once: Callable[[], Any] | None) -> None:
        self.workers = workers
        self._packed = starting.pack(function, once, self.name)
        self._out: set[int] = set()
        self._processes: list[Any] = []
        self._board: Board | None = None
        self.hired = 0
        self._start()

    def _open(self, context: Any, orders: starting.Orders) -> list[Any]:
        """Start a pool with all its workers; gives their processes."""
        raise NotImplementedError

    def _dispose(self) -> None:
        """End the threads of a pool whose workers are dead, and give its descriptors back."""
        raise NotImplementedError

    def _hand_over(self, ticket: int, tasks: list[Task]) -> None:
        raise NotImplementedError

    def _collect(self, timeout: float | None) -> list[Answer]:
        """Answers so far, waiting for the first; raises BrokenProcessPool where the pool says that it is broken."""
        raise NotImplementedError

    def begin(self) -> None:
        if self._board is None:
            self._start()

    def room(self) -> bool:
        return True

    def submit(self, ticket: int, tasks: list[Task]) -> None:
        self._out.add(ticket)
        self._hand_over(ticket, tasks)

    def wait(self, timeout: float | None) -> list[Answer]:
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            left = LOOK_EVERY_S if end is None else min(LOOK_EVERY_S, max(0.0, end - time.monotonic()))
            try:
                answers = self._collect(left)
            except BrokenProcessPool:
                return self._begin_anew()
            if answers:
                self._out.difference_update(answer.ticket for answer in answers)
                return answers
            if left and self._dead():
                return self._begin_anew()
            if end is not None and time.monotonic() >= end:
                return []

    def overdue(self, limit_s: float) -> list[Answer]:
        assert self._board is not None
        now = time.monotonic()
        late = [work for work in self._board.read().values() if work and now - work.since > limit_s]
        slow = {work.ticket: work.position for work in late if work.ticket in self._out}
        if not slow:
            return []
        lost, self._out = self._out, set()
        self._stop()
        self._start()
        why = f"TimeLimit: took longer than {limit_s:g} s"
        return [_lost(ticket, why, slow, final=True) for ticket in sorted(lost)]

    def abandon(self, tickets: set[int]) -> None:
        if self._out:
            self._out.clear()
            self._stop()

    def close(self) -> None:
        self._out.clear()
        self._stop()

    def _start(self) -> None:
        self._board = Board()
        self.hired += self.workers
        try:
            self._processes = self._open(
                starting.context(), starting.Orders.of(self._packed, self.workers, self._board)
            )
        except BrokenProcessPool:
            self._stop()
            raise RuntimeError(f"engine {self.name}: its workers die while they start") from None
        except BaseException:
            self._stop()
            raise

    def _stop(self) -> None:
        """Kill the workers and clear away the pool."""
        if self._board is None:
            return
        self._dispose()
        self._processes = []
        self._board.close()
        self._board = None

    def _dead(self) -> set[int]:
        """Process ids of workers that have ended. Their exit status is the pool's to take."""
        ended = wait([process.sentinel for process in self._processes], 0)
        return {p.pid for p in self._processes if p.sentinel in ended or not _exists(p.pid)}

    def _begin_anew(self) -> list[Answer]:
        """A worker has died: say what is lost, and start another pool."""
        assert self._board is not None
        dead = self._dead()
        works = self._board.read()
        processes = self._processes
        lost, self._out = self._out, set()
        self._stop()
        # An executor ends the others by SIGTERM as soon as it notices; whoever was left was killed just now.
        guilty = [p for p in processes if p.exitcode not in (-signal.SIGTERM, -signal.SIGKILL) or _killed(p, dead)]
        endings = {how_it_ended(process.exitcode) for process in guilty} or {"SIGTERM"}
        blamed = {
            work.ticket: work.position for process in guilty if (work := works.get(process.pid)) and work.ticket in lost
        }
        self._start()
        why = f"WorkerDied: its worker process died ({', '.join(sorted(endings))})"
        return [_lost(ticket, why, blamed) for ticket in sorted(lost)]


def _exists(pid: int) -> bool:
    """False once the executor's thread has taken notice of its end: its sentinel may be silent by then."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _killed(process: Any, dead: set[int]) -> bool:
    return process.pid in dead and process.exitcode == -signal.SIGKILL


def _lost(ticket: int, why: str, blamed: dict[int, int], final: bool = False) -> Answer:
    guilty = ticket in blamed
    return Answer(
        ticket, lost=why, blamed=blamed.get(ticket), final=final and guilty, innocent=bool(blamed) and not guilty
    )


class Processes(LibraryPool):
    """ProcessPoolExecutor, one task an image."""

    name = "processes"
    _executor: ProcessPoolExecutor | None = None

    def _open(self, context: Any, orders: starting.Orders) -> list[Any]:
        self._done: queue.SimpleQueue[Future[_Reply]] = queue.SimpleQueue()
        self._tickets: dict[Future[_Reply], int] = {}
        self._executor = ProcessPoolExecutor(self.workers, context, _settle, (orders,))
        meeting = [self._executor.submit(_meet, self.workers) for _ in range(self.workers)]
        for each in meeting:
            each.result(START_S)
        return list(self._executor._processes.values())

    def _dispose(self) -> None:
        executor, self._executor = self._executor, None
        if executor is None:
            return
        results: Any = executor._result_queue
        for process in list(executor._processes.values()):
            process.kill()  # the executor's thread waits for them: how one ended can be read only once
        if results is not None:
            results._writer.close()  # else the executor's thread might wait for the rest of half a result
        executor.shutdown(wait=True, cancel_futures=True)
        if results is not None:
            results._reader.close()

    def _hand_over(self, ticket: int, tasks: list[Task]) -> None:
        assert self._executor is not None
        try:
            future = self._executor.submit(_run, ticket, tasks)
        except BrokenProcessPool:
            return  # waiting will tell
        self._tickets[future] = ticket
        future.add_done_callback(self._done.put)

    def _collect(self, timeout: float | None) -> list[Answer]:
        answers: list[Answer] = []
        broken = False
        try:
            future = self._done.get(timeout != 0, timeout)
            while True:
                ticket = self._tickets.pop(future)
                error = future.exception()
                if error is None:
                    answers.append(Answer(ticket, future.result().results))
                elif isinstance(error, BrokenProcessPool):
                    broken = True
                else:
                    answers.append(Answer(ticket, failure=failure(error)))
                future = self._done.get_nowait()
        except queue.Empty:
            if broken and not answers:
                raise BrokenProcessPool from None
            return answers


class Chunks(Processes):
    """ProcessPoolExecutor, several images a task: a quarter of each worker's share where the length is known."""

    name = "chunks"
    chunk = None


class PoolImap(LibraryPool):
    """multiprocessing.Pool.imap_unordered, fed by a generator that waits: Pool itself would read all tasks at once."""

    name = "pool_imap"
    _pool: Any = None

    def _open(self, context: Any, orders: starting.Orders) -> list[Any]:
        self._feed: queue.SimpleQueue[tuple[int, list[Task]] | None] = queue.SimpleQueue()
        self._unsent = False
        pool: Any = context.Pool(self.workers, _settle, (orders,))
        self._pool = pool
        processes = list(pool._pool)
        self._answers = pool.imap_unordered(_run_pair, iter(self._feed.get, None))
        end = time.monotonic() + START_S
        while len(orders.board.read()) < self.workers:
            if wait([process.sentinel for process in processes], 0.001) or pool._pool != processes:
                raise BrokenProcessPool  # Pool replaces for ever whoever dies: it may have begun before we looked
            if time.monotonic() > end:
                raise RuntimeError(f"engine {self.name}: not all of its workers have started within {START_S:g} s")
        return processes

    def _dispose(self) -> None:
        """In place of Pool.terminate, which would wait for ever for a lock that a killed worker held."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        pool._state = "TERMINATE"
        pool._terminate.cancel()
        pool._worker_handler._state = "TERMINATE"  # it replaces no worker from now on
        pool._change_notifier.put(None)
        pool._worker_handler.join()
        for process in pool._pool:
            process.kill()
        for process in pool._pool:
            process.join()
        lock = pool._outqueue._wlock
        lock.acquire(block=False)  # where this fails, a worker was killed while it held the lock
        lock.release()
        pool._task_handler._state = "TERMINATE"
        self._feed.put(None)
        pool._taskqueue.put(None)
        for ours in (pool._inqueue._reader, pool._outqueue._writer):
            ours.close()  # nobody waits for a full pipe to be read, or for the rest of half a result
        pool._task_handler.join()
        pool._result_handler.join()
        for ours in (pool._inqueue._writer, pool._outqueue._reader, pool._change_notifier):
            ours.close()

    def _hand_over(self, ticket: int, tasks: list[Task]) -> None:
        self._feed.put((ticket, tasks))

    def _collect(self, timeout: float | None) -> list[Answer]:
        answers: list[Answer] = []
        try:
            while not self._unsent:
                reply = self._answers.next(0 if answers else timeout)
                answers.append(Answer(reply.ticket, reply.results))
        except MaybeEncodingError as error:  # its text has the reply's
            found = re.search(r"reply (\d+)", str(error.value))
            assert found is not None
            answers.append(Answer(int(found[1]), failure=Failure(f"MaybeEncodingError: {error.exc}")))
        except multiprocessing.TimeoutError:
            if not answers and not self._pool._result_handler.is_alive():  # it could not read an answer
                raise BrokenProcessPool from None
        except Exception:  # a batch could not be sent, and Pool does not say which
            self._unsent = True
        if self._unsent and not answers:
            raise BrokenProcessPool
        return answers


class _Reply:
    """A batch's results on their way back. Its text is how a Pool tells which one it could not pickle."""

    def __init__(self, ticket: int, results: list[Result]) -> None:
        self.ticket, self.results = ticket, results

    def __repr__(self) -> str:
        return f"reply {self.ticket}"


_labour: starting.Labour
_orders: starting.Orders


def _settle(orders: starting.Orders) -> None:
    global _labour, _orders
    _labour, _orders = starting.Labour(orders), orders


def _meet(workers: int) -> None:
    """Wait until all workers have started: an executor starts one only when none is idle."""
    end = time.monotonic() + START_S
    while len(_orders.board.read()) < workers and time.monotonic() < end:
        time.sleep(0.001)


def _run(ticket: int, tasks: list[Task]) -> _Reply:
    results = _labour.run(ticket, tasks)
    _labour.post.end()
    return _Reply(ticket, results)


def _run_pair(pair: tuple[int, list[Task]]) -> _Reply:
    return _run(*pair)
