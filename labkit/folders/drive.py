"""Images through an engine, one outcome each, whether memory is limited or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from labkit.core.errors import UsageError
from labkit.engines import Engine, Outcome, open_engine
from labkit.folders.memory import MARGIN, Admission, Room, TreeMemory
from labkit.folders.plan import FileTask
from labkit.folders.work import Done, Work, one_image, prepared
from labkit.reports import words


class NoRoom(UsageError):
    """The memory limit is too low for this many workers, before any image."""


@dataclass
class Driver:
    """How images are sent through engines in one run, and what happened to memory meanwhile."""

    work: Work
    memory: TreeMemory
    memory_limit: int | None = None  # bytes
    time_limit_s: float | None = None
    chunk: int | None = None
    at_most_in_work: int = 0
    tried_again: int = 0
    short: list[FileTask] = field(default_factory=list)  # images that all the room was not enough for
    lean: bool = False  # the last try: no other engine would leave more room

    def open(self, engine: str, workers: int) -> Engine:
        """An engine whose workers are ready for images."""
        limited = self.memory_limit is not None
        return open_engine(
            engine,
            one_image,
            workers,
            chunk=1 if limited else self.chunk,
            in_flight=workers if limited else None,
            time_limit_s=self.time_limit_s,
            once=partial(prepared, self.work),
        )

    def outcomes(self, engine: Engine, tasks: Sequence[FileTask]) -> Iterator[tuple[FileTask, Outcome]]:
        """Each task with what became of it, as they are done. Raises NoRoom."""
        if self.memory_limit is not None:
            yield from self._limited(engine, tasks, self.memory_limit)
        else:
            for outcome in engine.stream([(task,) for task in tasks]):
                yield tasks[outcome.index], outcome

    def _limited(self, engine: Engine, tasks: Sequence[FileTask], limit: int) -> Iterator[tuple[FileTask, Outcome]]:
        """An image starts when there is room for it; one that ran short is tried again alone, and then left to ``short``."""
        room = Room(self._free(engine, limit))
        admission = Admission(tasks, Path(self.work.source), room)
        for outcome in engine.stream(admission.tasks()):
            task, allowance = admission.handed[outcome.index]
            done: Done | None = outcome.value
            room.leave(task.image, done.pixels if done else 0, done.peak_bytes if done else None)
            self.at_most_in_work = max(self.at_most_in_work, room.at_most)
            short = done.short_of_memory if done else "process died" in (outcome.error or "")
            if short and allowance < room.room and admission.again(task):
                self.tried_again += 1
                continue
            if short and not self.lean:
                self.short.append(task)
                continue
            if short and done:
                left = f"--memory-limit {words.size(limit)} leaves for an image ({words.size(allowance)})"
                outcome = Outcome(outcome.index, done._replace(failures=(("", f"needs more memory than {left}"),)))
            yield task, outcome

    def _free(self, engine: Engine, limit: int) -> int:
        held = self.memory.now()
        if held is None:
            raise UsageError("--memory-limit: this system does not tell how much memory processes take")
        free = int(MARGIN * limit) - held
        if free <= 0:
            raise NoRoom(
                f"--memory-limit {words.size(limit)}: the program with {words.counted(engine.workers, 'worker')} takes "
                f"{words.size(held)} before any image; give more, or fewer --workers"
            )
        return free
