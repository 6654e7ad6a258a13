"""A job: a piece of work that a thread waits for, while launch processes do it and the kernel stays free."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labkit.core.errors import UsageError, VariantFailed, one_line
from labkit.processes.fleet import ParentLost
from labkit.processes.lock import Holder, MeasurementLock
from labkit.processes.stop import Stop
from labkit.reports import words

if TYPE_CHECKING:
    from labkit.measure.pictured import Pictures

QUEUED, RUNNING, DONE, STOPPED, FAILED = "queued", "running", "done", "stopped", "failed"
OVER = (DONE, STOPPED, FAILED)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """How far a job is: ``done`` of ``planned`` (0: not known), and about how long it will take yet, None when unknown."""

    text: str
    done: float = 0
    planned: float = 0
    seconds_left: float | None = None


class Job:
    """A piece of work. It queues for the machine, runs in a thread of its own and ends as ``done``, ``stopped`` or ``failed``.

    ``table`` is what is known so far: one dict a row in the contract's columns and ``provisional``, which says that
    figures may still move. ``result`` is what the call in ``code`` gives, also of a stopped comparison; None without one.
    ``problem`` says in one line why a result is not stored, ``error`` why a job failed. ``differences`` pictures the
    variants that differ.
    Every attribute may be read from any thread at any time, and is replaced as a whole.
    """

    def __init__(
        self,
        what: str,
        work: Callable[[Job], Any],
        code: str,
        *,
        table: Sequence[dict[str, Any]] = (),
        baseline: str = "",
    ) -> None:
        self.what, self.code, self.baseline = what, code, baseline
        self.table: list[dict[str, Any]] = list(table)
        self.progress = Progress("waits for its turn")
        self.state = QUEUED
        self.result: Any = None
        self.error: str | None = None
        self.problem: str | None = None
        self.differences: tuple[Pictures, ...] = ()
        self._work, self._stop, self._over = work, Stop(), threading.Event()
        self._callbacks: list[Callable[[Job], object]] = []
        self._lock = MeasurementLock(what, self._waits)
        self._thread = threading.Thread(target=self._live, name=f"labkit: {what}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it within a second and keep what is done; returns at once. A job that is over stays as it is."""
        self._stop.ask()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is over; False when it is not after so many seconds."""
        return self._over.wait(timeout)

    def on_change(self, callback: Callable[[Job], object]) -> None:
        """Call ``callback(job)`` after every change from now on, in the job's thread; what was before is to be read."""
        self._callbacks = [*self._callbacks, callback]

    def change(self, **facts: Any) -> None:
        """Set attributes and tell whoever listens; for the work itself. A listener that raises costs only itself."""
        for name, value in facts.items():
            setattr(self, name, value)
        for callback in self._callbacks:
            try:
                callback(self)
            except Exception:
                log.exception("a listener of the job «%s» failed", self.what)

    def say(self, text: str) -> None:
        self.change(progress=Progress(text))

    def _waits(self, holder: Holder | None) -> None:
        self.say(f"waits for {holder or 'another measurement'}")

    def _live(self) -> None:
        state, facts = FAILED, {}
        try:
            with self._stop, self._lock:
                self.change(state=RUNNING, progress=Progress("starts processes"))
                facts["result"] = self._work(self)
            state = STOPPED if self._stop.asked else DONE
        except KeyboardInterrupt:
            state = STOPPED
            if self.state == QUEUED:
                facts["table"] = []  # nothing was tried
        except (UsageError, VariantFailed, ParentLost) as error:
            facts["error"] = words.one_line(str(error))
        except Exception as error:
            facts["error"] = one_line(error)
            log.debug("the job «%s» failed", self.what, exc_info=True)
        vars(self).update(facts | {"state": state})
        self._over.set()
        self.change()

    def __repr__(self) -> str:
        return f"<Job {self.what}: {self.state}>"
