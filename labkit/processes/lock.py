"""One measurement at a time on a machine: what comes later waits for its turn, and is told whom it waits for.

Several dashboards, notebooks and commands share the machine's cores; two that measured at once would each time the other.
The lock is advisory (flock) and the kernel's: it is free as soon as its holder ends, however that ends. Within a process
turns come in the order of arrival; between processes that is left to chance.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import tempfile
import warnings
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar, Token
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from labkit.core.registry import refuse_while_loading
from labkit.processes.stop import wait

ASK_EVERY_S = 0.1
LONGEST_TEXT = 200

_queue: deque[MeasurementLock] = deque()
os.register_at_fork(after_in_child=_queue.clear)  # those who stand in it are threads of the parent
_held: ContextVar[bool] = ContextVar("turn", default=False)


@dataclass(frozen=True)
class Holder:
    """Who measures: the process, what, and since when (UTC)."""

    process: int
    what: str
    since: str

    def __str__(self) -> str:
        return f"process {self.process}, which measures {self.what} since {self.since} UTC"


def tell_on_stderr(holder: Holder | None) -> None:
    print(f"labkit: waits for {holder or 'another measurement'}", file=sys.stderr, flush=True)


class MeasurementLock:
    """A place in the line, taken when it is made; ``with`` waits for the turn and then holds it.

    ``tell`` hears whom it waits for whenever that changes (None: not known yet). Inside a turn that this thread
    holds, another is no wait. Waiting ends with KeyboardInterrupt on Ctrl-C and when the thread is asked to stop.
    Raises UsageError where a file that is being loaded asks for it.
    """

    def __init__(self, what: str, tell: Callable[[Holder | None], None] = tell_on_stderr) -> None:
        refuse_while_loading()
        self.what, self._tell = what, tell
        self._file: int | None = None
        self._outer: Token[bool] | None = None
        self._inside = _held.get()
        if not self._inside:
            _queue.append(self)

    def __enter__(self) -> MeasurementLock:
        if not self._inside:
            try:
                self._wait()
            except BaseException:
                self._leave()
                raise
            self._outer = _held.set(True)
        return self

    def __exit__(self, *error: object) -> None:
        if self._outer is not None:
            _held.reset(self._outer)
            self._leave()

    def _wait(self) -> None:
        self._file = _open(lock_file())
        last: list[Holder | None] = []
        while not (_queue[0] is self and self._take()):
            holder = _holder(self._file)
            if last != [holder]:
                self._tell(holder)
                last = [holder]
            wait(None, ASK_EVERY_S)

    def _take(self) -> bool:
        if self._file is None:
            return True
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:  # a file system without locks
            warnings.warn(f"measurements do not queue: {lock_file()}: {error.strerror}", stacklevel=4)
            return True
        since = datetime.now(UTC).strftime("%H:%M:%S")
        _write(self._file, json.dumps({"process": os.getpid(), "what": self.what, "since": since}))
        return True

    def _leave(self) -> None:
        """Give the turn back: the file is emptied while it is still ours, then unlocked, for a fork may hold it open."""
        _queue.remove(self)
        if self._file is not None:
            if self._outer is not None:
                _write(self._file, "")
            with suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_UN)
            os.close(self._file)


def lock_file() -> Path:
    """The file that is locked: ``$LABKIT_LOCK``, or one for each user in the temporary folder.

    Measurements that name another file do not wait for one another; they should then have CPUs of their own.
    """
    named = os.environ.get("LABKIT_LOCK")
    return Path(named) if named else Path(tempfile.gettempdir()) / f"labkit-{os.getuid()}.lock"


def _open(path: Path) -> int | None:
    """The lock's file; None, with a warning, where there can't be one: measuring without a queue is better than not at all."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        if os.fstat(file).st_uid == os.getuid():
            return file
        os.close(file)
        reason = "it belongs to another user"
    except OSError as error:
        reason = error.strerror or str(error)
    warnings.warn(f"measurements do not queue: {path}: {reason}", stacklevel=4)
    return None


def _write(file: int, text: str) -> None:
    with suppress(OSError):  # a full disk: who holds it is then not told
        os.ftruncate(file, 0)
        os.pwrite(file, text.encode(), 0)


def _holder(file: int | None) -> Holder | None:
    """What the holder wrote; None while it has not, or when it can't be read. Control characters are left out."""
    if file is None:
        return None
    try:
        found = json.loads(os.pread(file, 1 << 16, 0))
        what = "".join(c if c.isprintable() else " " for c in str(found["what"]))[:LONGEST_TEXT]
        return Holder(int(found["process"]), what, str(found["since"])[:8])
    except (OSError, ValueError, TypeError, KeyError):
        return None
