"""Engine ``shared_memory``: worker processes of our own; tasks and results lie in a ring of shared blocks.

Each worker has a few blocks for each direction, used again and again. It has the next batch before it finishes one, so
it never waits for the parent. A result is handed out where it lies, without another copy, and its block is used again
when the last of its arrays is gone, the block freed last first; a consumer who keeps many results gets copies of the
later ones.
"""

from __future__ import annotations

import multiprocessing
import pickle
import select
import signal
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from labkit.engines import starting
from labkit.engines.batches import Answer, Failure, Result, Task, failure
from labkit.engines.board import Board
from labkit.engines.transport import SharedBlock

DEPTH = 2  # batches a worker has: the one it is at and the next
SPARE = 64  # blocks, shared out among the workers, whose results the consumer may hold while they go on
FEWEST_SPARE = 4
START_S = 60.0
FAREWELL_S = 0.5
MOST_FALSE_STARTS = 3


class Worker:
    """One worker process and its blocks."""

    def __init__(self, orders: starting.Orders, context: Any, spare: int) -> None:
        self.pipe, theirs = multiprocessing.Pipe()
        self.inbox = [SharedBlock() for _ in range(DEPTH)]
        self.outbox = [SharedBlock() for _ in range(DEPTH + spare)]
        self.free_in = deque(range(len(self.inbox)))
        self.free_out = deque(range(len(self.outbox)))
        self.queue: dict[int, tuple[int, int]] = {}  # ticket: its blocks
        self.ready = False
        self.process = context.Process(target=_serve, args=(orders, theirs, self.inbox, self.outbox), daemon=True)
        self.process.start()
        theirs.close()
        self.pid: int = self.process.pid

    def submit(self, ticket: int, tasks: list[Task]) -> None:
        inside, outside = self.free_in[0], self.free_out[0]
        message = self.inbox[inside].write(tasks)
        self.free_in.popleft()
        self.free_out.popleft()
        self.queue[ticket] = inside, outside
        try:
            self.pipe.send_bytes(pickle.dumps((ticket, inside, outside, message)))
        except ConnectionError:
            pass  # it has died: waiting will tell

    def answers(self, last: bool = False) -> list[Answer]:
        """What it has sent: the first that is there, or all when it will be the last."""
        answers: list[Answer] = []
        try:
            while not last or self.pipe.poll():
                data = self.pipe.recv_bytes()
                if data:
                    answers.append(self._answer(*pickle.loads(data)))
                else:
                    self.ready = True
                if not last:
                    break
        except (EOFError, ConnectionError):
            pass  # its sentinel tells how it ended
        return answers

    def _answer(self, ticket: int, message: Any) -> Answer:
        inside, outside = self.queue.pop(ticket)
        self.free_in.append(inside)
        free = self.free_out
        enough = len(free) >= DEPTH - len(self.queue)  # to go on while this result is held
        try:
            results = self.outbox[outside].read(message, copy=not enough, released=lambda: free.appendleft(outside))
        except Exception as error:
            if outside not in free:
                free.appendleft(outside)
            return Answer(ticket, failure=failure(error))
        return Answer(ticket, failure=results) if isinstance(results, Failure) else Answer(ticket, results)

    def dismiss(self) -> None:
        """Ask it to leave. Closing the pipe would not do: forked workers hold copies of each other's ends."""
        try:
            self.pipe.send_bytes(b"")
        except (OSError, ValueError):
            pass  # it has died already

    def end(self, deadline: float) -> str:
        """Wait for its end until the deadline, else kill it; says how it ended."""
        self.process.join(max(0.0, deadline - time.monotonic()))
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
        ending = how_it_ended(self.process.exitcode)
        self.process.close()
        self.pipe.close()
        for block in (*self.inbox, *self.outbox):
            block.close()
        return ending


class Crew:
    """The backend of ``shared_memory``."""

    chunk = 1
    paced = True

    def __init__(self, function: Callable[..., Any], workers: int, once: Callable[[], Any] | None) -> None:
        self.workers = workers
        self._packed = starting.pack(function, once, "shared_memory")
        self._context = starting.context()
        self._board = Board()
        self._crew: list[Worker] = []
        self._false_starts = 0
        self.hired = 0
        self._poll = select.poll()
        self._by_fd: dict[int, Worker] = {}
        self._lost: list[Answer] = []
        try:
            for _ in range(workers):
                self._hire()
            end = time.monotonic() + START_S
            while not all(worker.ready for worker in self._crew) and time.monotonic() < end:
                self._lost += self.wait(1.0)
        except BaseException:
            self.close()
            raise

    def _hire(self) -> None:
        orders = starting.Orders.of(self._packed, self.workers, self._board)
        worker = Worker(orders, self._context, max(FEWEST_SPARE, SPARE // self.workers))
        self._crew.append(worker)
        self.hired += 1
        for fd in (worker.pipe.fileno(), worker.process.sentinel):
            self._poll.register(fd, select.POLLIN)
            self._by_fd[fd] = worker

    def _fire(self, worker: Worker, grace_s: float = 0.0) -> str:
        """Out of the crew; says how it ended."""
        self._crew.remove(worker)
        for fd in (worker.pipe.fileno(), worker.process.sentinel):
            self._poll.unregister(fd)
            del self._by_fd[fd]
        ending = worker.end(time.monotonic() + grace_s)
        self._board.clear(worker.pid)
        return ending

    def begin(self) -> None:
        while len(self._crew) < self.workers:
            self._hire()

    def room(self) -> bool:
        return any(len(worker.queue) < DEPTH and worker.free_out for worker in self._crew)

    def submit(self, ticket: int, tasks: list[Task]) -> None:
        able = [worker for worker in self._crew if len(worker.queue) < DEPTH and worker.free_out]
        min(able, key=lambda worker: len(worker.queue)).submit(ticket, tasks)

    def wait(self, timeout: float | None) -> list[Answer]:
        answers, self._lost = self._lost, []
        if answers:
            timeout = 0.0
        ready = self._poll.poll(None if timeout is None else timeout * 1000)
        dead = []
        for fd, _ in ready:
            worker = self._by_fd[fd]
            if fd == worker.process.sentinel:
                dead.append(worker)
            else:
                answers += worker.answers()
        for worker in dead:
            answers += self._death(worker)
        return answers

    def _death(self, worker: Worker) -> list[Answer]:
        answers = worker.answers(last=True)
        work = self._board.read().get(worker.pid)
        ending = self._fire(worker, grace_s=1.0)
        self._false_starts = 0 if worker.ready else self._false_starts + 1
        if self._false_starts >= MOST_FALSE_STARTS:
            raise RuntimeError(f"engine shared_memory: its workers die while they start ({ending})")
        for ticket in worker.queue:
            blamed = work.position if work is not None and work.ticket == ticket else None
            innocent = work is not None and work.ticket != ticket
            why = f"WorkerDied: its worker process died ({ending})"
            answers.append(Answer(ticket, lost=why, blamed=blamed, innocent=innocent))
        self._hire()
        return answers

    def overdue(self, limit_s: float) -> list[Answer]:
        now, answers = time.monotonic(), []
        board = self._board.read()
        for worker in list(self._crew):
            work = board.get(worker.pid)
            if work is None or now - work.since <= limit_s or work.ticket not in worker.queue:
                continue
            answers += worker.answers(last=True)
            if work.ticket not in worker.queue:
                continue
            self._fire(worker)
            why = f"TimeLimit: took longer than {limit_s:g} s"
            for ticket in worker.queue:
                guilty = ticket == work.ticket
                blamed = work.position if guilty else None
                answers.append(Answer(ticket, lost=why, blamed=blamed, final=guilty, innocent=not guilty))
            self._hire()
        return answers

    def abandon(self, tickets: set[int]) -> None:
        for worker in list(self._crew):
            if worker.queue:
                self._fire(worker)

    def close(self) -> None:
        for worker in self._crew:
            worker.dismiss()
        deadline = time.monotonic() + FAREWELL_S
        for worker in list(self._crew):
            self._fire(worker, max(0.0, deadline - time.monotonic()))
        self._board.close()


def how_it_ended(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit status {code}"


def _serve(orders: starting.Orders, pipe: Connection, inbox: list[SharedBlock], outbox: list[SharedBlock]) -> None:
    """A worker's life."""
    labour = starting.Labour(orders)
    try:
        pipe.send_bytes(b"")
        while data := pipe.recv_bytes():
            ticket, inside, outside, message = pickle.loads(data)
            labour.post.begin(ticket, 0)
            reply = _batch(labour, ticket, inbox[inside], outbox[outside], message)
            pipe.send_bytes(pickle.dumps((ticket, reply)))
            labour.post.end()
    except (EOFError, ConnectionError):
        return


def _batch(labour: starting.Labour, ticket: int, inbox: SharedBlock, outbox: SharedBlock, message: Any) -> Any:
    try:
        tasks = inbox.read(message)
    except Exception as error:
        return outbox.write(failure(error))
    results = labour.run(ticket, tasks)
    del tasks
    try:
        return outbox.write(results)
    except Exception:
        return outbox.write([_portable(result, outbox) for result in results])


def _portable(result: Result, outbox: SharedBlock) -> Result:
    try:
        outbox.write(result)
    except Exception as error:
        return False, failure(error)
    return result
