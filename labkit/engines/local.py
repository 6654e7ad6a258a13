"""Engines in this process: ``serial``, which tells what the rest costs, and ``threads``."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable
from typing import Any

from threadpoolctl import threadpool_limits

from labkit.core.cpus import threads_each
from labkit.engines import reuse
from labkit.engines.batches import Answer, Result, Task, failure

Function = Callable[..., Any]
Once = Callable[[], Any]
FAREWELL_S = 0.8


def compute(call: Function, tasks: list[Task]) -> list[Result]:
    """A batch's results; an error is that of its task."""
    results: list[Result] = []
    for task in tasks:
        try:
            results.append((True, call(*task)))
        except (Exception, SystemExit) as error:
            results.append((False, failure(error)))
    return results


def ready_call(function: Function, once: Once | None) -> Function:
    """The function as tasks call it: with what ``once`` makes in front. An error of ``once`` is every task's."""
    if once is None:
        return function
    try:
        made = once()
    except Exception as error:
        broken = error

        def fail(*task: Any) -> Any:
            raise RuntimeError(f"once() failed: {failure(broken).text}")

        return fail
    return lambda *task: function(made, *task)


class Serial:
    """One task after the other in this thread."""

    chunk = 1
    paced = False

    def __init__(self, function: Function, workers: int, once: Once | None) -> None:
        self.workers = 1
        self._call = ready_call(function, once)
        self._waiting: tuple[int, list[Task]] | None = None
        reuse.hold()

    def begin(self) -> None:
        pass

    def room(self) -> bool:
        return self._waiting is None

    def submit(self, ticket: int, tasks: list[Task]) -> None:
        self._waiting = ticket, tasks

    def wait(self, timeout: float | None) -> list[Answer]:
        if self._waiting is None:
            return []
        ticket, tasks = self._waiting
        self._waiting = None
        reuse.use(True)
        try:
            return [Answer(ticket, compute(self._call, tasks))]
        finally:
            reuse.use(False)

    def overdue(self, limit_s: float) -> list[Answer]:
        return []  # it is over when somebody asks

    def abandon(self, tickets: set[int]) -> None:
        self._waiting = None

    def close(self) -> None:
        reuse.release()


class Threads:
    """Threads that stay up. They gain only where the function releases Python's global lock.

    A thread can not be ended from outside: there is no time limit, and one that hangs is left behind as a daemon.
    """

    chunk = 1
    paced = True

    def __init__(self, function: Function, workers: int, once: Once | None) -> None:
        self.workers = workers
        self._function, self._once = function, once
        self._share = threads_each(workers)
        self._inbox: queue.SimpleQueue[tuple[int, list[Task]] | None] = queue.SimpleQueue()
        self._outbox: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._cv2_threads: int | None = None
        self._threads: list[threading.Thread] = []
        reuse.hold()

    def _start(self) -> None:
        """With the first stream: until then the process may be forked, and a profiler that comes sees the threads begin."""
        ready = [threading.Event() for _ in range(self.workers)]
        self._threads = [
            threading.Thread(target=self._work, args=(event,), name="labkit engine", daemon=True) for event in ready
        ]
        for thread in self._threads:
            thread.start()
        for event in ready:
            event.wait()

    def _work(self, ready: threading.Event) -> None:
        limit_this_thread(self._share)
        reuse.use(True)
        call = ready_call(self._function, self._once)
        inbox, outbox = self._inbox, self._outbox
        ready.set()
        while (batch := inbox.get()) is not None:
            ticket, tasks = batch
            answer = Answer(ticket, compute(call, tasks))
            del batch, tasks
            outbox.put(answer)
            del answer  # a thread that waits must not keep its last result alive

    def begin(self) -> None:
        """cv2 has one setting for all threads: it is this engine's only while it works."""
        if not self._threads:
            self._start()
        if self._cv2_threads is None and (cv2 := sys.modules.get("cv2")):
            before = cv2.getNumThreads()
            if before > self._share:
                cv2.setNumThreads(self._share)
                self._cv2_threads = before

    def room(self) -> bool:
        return True

    def submit(self, ticket: int, tasks: list[Task]) -> None:
        self._inbox.put((ticket, tasks))

    def wait(self, timeout: float | None) -> list[Answer]:
        answers: list[Answer] = []
        try:
            answers.append(self._outbox.get(timeout != 0, timeout))
            while True:
                answers.append(self._outbox.get_nowait())
        except queue.Empty:
            return answers

    def overdue(self, limit_s: float) -> list[Answer]:
        return []

    def abandon(self, tickets: set[int]) -> None:
        try:
            while True:  # all that no thread has begun
                self._inbox.get_nowait()
        except queue.Empty:
            pass
        if self._cv2_threads is not None:
            sys.modules["cv2"].setNumThreads(self._cv2_threads)
            self._cv2_threads = None

    def close(self) -> None:
        self.abandon(set())
        for _ in self._threads:
            self._inbox.put(None)
        for thread in self._threads:
            thread.join(FAREWELL_S / self.workers)
        reuse.release()


def limit_this_thread(threads: int) -> None:
    """How many threads OpenMP and Numba regions that this thread begins may use (both keep it for each thread)."""
    threadpool_limits(threads, user_api="openmp")
    if (numba := sys.modules.get("numba")) and threads < numba.config.NUMBA_NUM_THREADS:
        numba.set_num_threads(threads)
