"""Engine ``ray``: one actor a worker, on this machine or on a cluster.

A worker that is lost, alone or with its node, is replaced where there is room; what it had not answered is handed over again.
Values travel through Ray's object store: arrays that come back are read-only. An actor can't tell which task of a batch it is
at, so with a time limit tasks go one at a time.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import cloudpickle

from labkit.core.cpus import set_threads, threads_each
from labkit.core.errors import UsageError, one_line
from labkit.engines import starting
from labkit.engines.batches import Answer, Result, Task, failure
from labkit.engines.local import compute, ready_call
from labkit.engines.ray_cluster import OwnCluster, connect, disconnect

DEPTH = 2
START_S = 120.0
LOOK_EVERY_S = 0.2  # Ray's waiting is broken off by Ctrl-C only now and then


class Hand:
    """An actor and the batches it has; the first is the one it is at."""

    def __init__(self, actor: Any) -> None:
        self.actor = actor
        self.asked = actor.ready.remote()
        self.ready = False
        self.queue: dict[Any, tuple[int, int]] = {}  # reference to the answer: ticket, tasks in the batch
        self.since = 0.0

    def submit(self, ticket: int, tasks: list[Task]) -> None:
        if not self.queue:
            self.since = time.monotonic()
        self.queue[self.actor.run.remote(tasks)] = ticket, len(tasks)


class RayActors:
    """The backend of ``ray``. ``address``: a cluster's; else ``RAY_ADDRESS``, else Ray is started here and ended with it."""

    chunk = 1
    paced = False

    def __init__(
        self,
        function: Callable[..., Any],
        workers: int,
        once: Callable[[], Any] | None,
        address: str | None = None,
    ) -> None:
        packed = starting.pack(function, once, "ray")
        self.workers = workers
        self._threads = threads_each(workers)
        self._crew: list[Hand] = []
        self._own: OwnCluster | None = None
        self._ours = "ray" not in sys.modules or not importlib.import_module("ray").is_initialized()
        try:
            if self._ours:
                self._connect(address or os.environ.get("RAY_ADDRESS"))
            import ray

            self._ray: Any = ray
            self._packed = ray.put(packed)
            self._class = ray.remote(num_cpus=1, max_restarts=0, scheduling_strategy="SPREAD")(_Actor)
            self.begin()
            end = time.monotonic() + START_S
            while not any(hand.ready for hand in self._crew):
                self.wait(1.0)
                if time.monotonic() > end:
                    raise RuntimeError(f"engine ray: no worker has started within {START_S:g} s")
        except BaseException:
            self.close()
            raise

    def _connect(self, address: str | None) -> None:
        if not address or address == "local":
            self._own = OwnCluster(self.workers)
            return
        try:
            connect(address)
        except Exception as error:
            raise UsageError(f"no Ray cluster at {address!r} ({one_line(error)}); give HOST:PORT") from None

    def begin(self) -> None:
        while len(self._crew) < self.workers:
            self._crew.append(Hand(self._class.remote(self._packed, self._threads)))

    def room(self) -> bool:
        return any(hand.ready and len(hand.queue) < DEPTH for hand in self._crew)

    def submit(self, ticket: int, tasks: list[Task]) -> None:
        able = [hand for hand in self._crew if hand.ready] or self._crew
        min(able, key=lambda hand: len(hand.queue)).submit(ticket, tasks)

    def wait(self, timeout: float | None) -> list[Answer]:
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            references = {hand.asked: hand for hand in self._crew if not hand.ready}
            references |= {reference: hand for hand in self._crew for reference in hand.queue}
            left = LOOK_EVERY_S if end is None else min(LOOK_EVERY_S, max(0.0, end - time.monotonic()))
            if not references:
                if timeout is not None:
                    time.sleep(left)
                return []
            done, rest = self._ray.wait(list(references), timeout=left)
            if done and rest:
                done += self._ray.wait(rest, num_returns=len(rest), timeout=0)[0]
            answers: list[Answer] = []
            for reference in done:
                if references[reference] in self._crew:
                    answers += self._take(references[reference], reference)
            if answers or (end is not None and time.monotonic() >= end):
                return answers
            if done and timeout != 0:
                return []  # a worker is ready: there is room now

    def _take(self, hand: Hand, reference: Any) -> list[Answer]:
        errors = self._ray.exceptions
        lost_hand = (errors.RayActorError, errors.WorkerCrashedError, errors.NodeDiedError, errors.LocalRayletDiedError)
        try:
            value = self._ray.get(reference)
        except lost_hand as error:
            return self._death(hand, f"WorkerDied: {one_line(error)[:200]}")
        except errors.ObjectLostError as error:  # it was done, but its node is gone
            ticket, _ = hand.queue.pop(reference)
            return [Answer(ticket, lost=one_line(error), innocent=True)]
        except errors.RayError as error:
            ticket, _ = hand.queue.pop(reference)
            cause = getattr(error, "cause", None)
            return [Answer(ticket, failure=failure(cause if isinstance(cause, Exception) else error))]
        if reference == hand.asked:
            hand.ready, hand.since = True, time.monotonic()
            return []
        hand.since = time.monotonic()
        return [Answer(hand.queue.pop(reference)[0], value)]

    def _death(self, hand: Hand, why: str, final: bool = False) -> list[Answer]:
        self._crew.remove(hand)
        answers, unanswered = self._answered(hand)
        for place, (ticket, count) in enumerate(unanswered):
            # of several it may have done the first: its last answers can die with it, on their way here
            blamed = 0 if place == 0 and count == 1 and (final or len(unanswered) == 1) else None
            innocent = final and place > 0
            answers.append(
                Answer(ticket, lost=why, blamed=blamed, final=final and blamed is not None, innocent=innocent)
            )
        self.begin()
        return answers

    def _answered(self, hand: Hand) -> tuple[list[Answer], list[tuple[int, int]]]:
        """What a lost worker had answered, and the rest: of two that are ready, Ray may show the later one first."""
        references = list(hand.queue)
        done = self._ray.wait(references, num_returns=len(references), timeout=0)[0] if references else []
        answers: list[Answer] = []
        unanswered = []
        for reference, (ticket, count) in hand.queue.items():
            try:
                if reference in done:
                    answers.append(Answer(ticket, self._ray.get(reference)))
                    continue
            except self._ray.exceptions.RayError:
                pass  # lost with the worker
            unanswered.append((ticket, count))
        return answers, unanswered

    def overdue(self, limit_s: float) -> list[Answer]:
        """Told by when a task's turn came, as seen here."""
        now, answers = time.monotonic(), []
        for hand in list(self._crew):
            if hand.ready and hand.queue and now - hand.since > limit_s:
                self._ray.kill(hand.actor)
                answers += self._death(hand, f"TimeLimit: took longer than {limit_s:g} s", final=True)
        return answers

    def abandon(self, tickets: set[int]) -> None:
        for hand in list(self._crew):
            if hand.queue:
                self._ray.kill(hand.actor)
                self._crew.remove(hand)

    def close(self) -> None:
        crew, self._crew = self._crew, []
        own, self._own = self._own, None
        if own is not None:
            own.close()
        elif self._ours:
            disconnect()
        else:
            for hand in crew:
                self._ray.kill(hand.actor)


class _Actor:
    """What runs in Ray's worker process."""

    def __init__(self, packed: bytes, threads: int) -> None:
        starting.limit_libraries(threads)
        try:
            self._call = ready_call(*cloudpickle.loads(packed))
        except Exception as error:
            self._call = starting.broken(error)
        set_threads(threads)

    def ready(self) -> bool:
        return True

    def run(self, tasks: list[Task]) -> list[Result]:
        return compute(self._call, tasks)
