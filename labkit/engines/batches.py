"""What passes between a stream, its engine's backend and the workers: batches of tasks, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import cloudpickle

from labkit.core.errors import one_line

Task = tuple[Any, ...]  # the positional arguments of one call


class Failure(NamedTuple):
    """An error on its way: one line of text, and the exception itself where it can be pickled."""

    text: str
    packed: bytes | None = None


Result = tuple[bool, Any]  # (True, what the function returned) or (False, Failure)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one task: its position among the tasks, and either a value or the error in one line."""

    index: int
    value: Any = None
    error: str | None = None
    packed: bytes | None = None

    def exception(self) -> BaseException:
        """The error as an exception: the one that was raised where it could travel, else a RuntimeError with its text."""
        if self.packed is not None:
            try:
                found = cloudpickle.loads(self.packed)
            except Exception:
                found = None
            if isinstance(found, BaseException):
                return found
        return RuntimeError(self.error)


@dataclass(slots=True)
class Answer:
    """What a backend says of one batch: exactly one of ``results``, ``failure`` and ``lost`` is set.

    ``failure``: the batch could not be sent, or what it gave not be brought back, but no worker died over it.
    ``lost``: why there will be no answer; ``blamed`` is the position of the task that ran when it happened, if known.
    With ``final`` that task is not tried again. ``innocent``: the batch had not been begun.
    """

    ticket: int
    results: list[Result] | None = None
    failure: Failure | None = None
    lost: str | None = None
    blamed: int | None = None
    final: bool = False
    innocent: bool = False


class Backend(Protocol):
    """The face that engines show to a stream. All calls come from one thread at a time."""

    workers: int
    chunk: int | None  # tasks a batch; None where it depends on how many tasks there are
    paced: bool  # where nobody says how many, may short tasks go together?

    def room(self) -> bool:
        """Would another batch be taken without waiting?"""

    def submit(self, ticket: int, tasks: list[Task]) -> None:
        """Hand a batch over. Raises what pickling it raises."""

    def wait(self, timeout: float | None) -> list[Answer]:
        """Answers so far; when there are none, wait for one until the timeout (seconds)."""

    def overdue(self, limit_s: float) -> list[Answer]:
        """End the workers whose task has run longer than this, and answer for the batches lost by that."""

    def begin(self) -> None:
        """A stream begins."""

    def abandon(self, tickets: set[int]) -> None:
        """Nobody waits for these any more: end what runs, at once, and be ready for other batches."""

    def close(self) -> None:
        """Leave no process, no thread, no descriptor."""


def failure(error: BaseException) -> Failure:
    """An error as it travels."""
    try:
        packed: bytes | None = cloudpickle.dumps(error)
        cloudpickle.loads(packed)
    except Exception:
        packed = None
    return Failure(one_line(error), packed)
