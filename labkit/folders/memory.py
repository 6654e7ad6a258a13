"""How much memory the whole process tree takes while a folder is worked on, and how it is held under a limit.

An image may start only when the rest of the limit is enough for it. How much it needs is learnt: bytes a pixel, from the
images before. The worker may not take more than was set aside for it (RLIMIT_DATA): an image that needs more fails there,
and is tried again alone with all that is left. So the limit holds also when the estimate is wrong, and nothing is lost.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from types import TracebackType

from labkit.folders.plan import FileTask
from labkit.imagefiles.size import image_size
from labkit.processes.tree import tree_held, tree_share

EVERY_S = 0.02
EXACT_EVERY = 50
MIB = 1 << 20
MARGIN = 0.92  # of the limit: libraries' code is read in as it is first used, and is in nobody's account
LEAST = 24 * MIB  # for the smallest image: codecs, threads' stacks
FIRST_GUESS = 48  # bytes a pixel: sixteen 8-bit copies
CAUTION = 1.3  # above what images of this size were seen to take


class TreeMemory:
    """The memory of this process and its descendants: before, now, and at most; each in bytes, None where unknown.

    Pages that several processes map are shared out among them (PSS), so the sum is what the tree takes of the machine. The
    kernel needs milliseconds to tell that; between times, what it tells at once (resident less shared) shows the change.
    """

    def __enter__(self) -> TreeMemory:
        self._apart = 0
        self.peak: int | None = None
        self.before = self.now()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="labkit memory", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def now(self) -> int | None:
        share, held = tree_share(os.getpid()), tree_held(os.getpid())
        if share is None or held is None:
            return None
        self._apart = share - held
        self._note(share)
        return share

    def _note(self, held: int) -> None:
        self.peak = max(self.peak or 0, held)

    def _watch(self) -> None:
        for number in count(1):
            if self._stop.wait(EVERY_S):
                return
            if number % EXACT_EVERY == 0:
                self.now()
            elif (held := tree_held(os.getpid())) is not None:
                self._note(held + self._apart)


class Room:
    """Bytes that images may take at the same time, and who takes how many."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.taken: dict[str, int] = {}
        self.bytes_a_pixel: float | None = None
        self.at_most = 0  # images that were in work at the same time

    def admit(self, image: str, pixels: int) -> int | None:
        """Bytes set aside for an image, or None while it must wait. The first one is alone: it shows what one takes."""
        if self.taken and (self.bytes_a_pixel is None or sum(self.taken.values()) + self.need(pixels) > self.room):
            return None
        self.taken[image] = min(self.room, self.need(pixels)) if self.bytes_a_pixel is not None else self.room
        self.at_most = max(self.at_most, len(self.taken))
        return self.taken[image]

    def admit_alone(self, image: str) -> int | None:
        """All the room, once nobody else takes any."""
        if self.taken:
            return None
        self.taken[image] = self.room
        return self.room

    def leave(self, image: str, pixels: int, peak_bytes: int | None) -> None:
        """An image is done, having taken ``peak_bytes`` at most (None: not known)."""
        self.taken.pop(image, None)
        if peak_bytes is not None and pixels:
            seen = max(0, peak_bytes - LEAST // 2) / pixels
            self.bytes_a_pixel = max(self.bytes_a_pixel or 3.0, seen)
        elif self.bytes_a_pixel is None:
            self.bytes_a_pixel = FIRST_GUESS

    def need(self, pixels: int) -> int:
        return LEAST + int(CAUTION * (self.bytes_a_pixel or FIRST_GUESS) * pixels)


class Admission:
    """The tasks as an engine takes them, held back while there is no room; None means: nothing at the moment."""

    def __init__(self, tasks: Sequence[FileTask], source: Path, room: Room) -> None:
        self._waiting, self._alone = deque(tasks), deque[FileTask]()
        self._source, self.room = source, room
        self.handed: list[tuple[FileTask, int]] = []  # in the order of the engine's indices
        self.alone: set[str] = set()
        self._ahead: tuple[FileTask, int] | None = None

    def tasks(self) -> Iterator[tuple[FileTask, int] | None]:
        while self._waiting or self._alone or self.room.taken:
            yield self._next()

    def again(self, task: FileTask) -> bool:
        """Try an image again, alone; False when it has been."""
        if task.image in self.alone:
            return False
        self.alone.add(task.image)
        self._alone.append(task)
        return True

    def _next(self) -> tuple[FileTask, int] | None:
        if self._alone:
            allowance = self.room.admit_alone(self._alone[0].image)
            return None if allowance is None else self._hand(self._alone.popleft(), allowance)
        if not self._waiting:
            return None  # what is in work may yet have to be tried again
        task = self._waiting[0]
        if self._ahead is None or self._ahead[0] is not task:
            self._ahead = task, _pixels(self._source / task.image)
        allowance = self.room.admit(task.image, self._ahead[1])
        return None if allowance is None else self._hand(self._waiting.popleft(), allowance)

    def _hand(self, task: FileTask, allowance: int) -> tuple[FileTask, int]:
        self.handed.append((task, allowance))
        return task, allowance


def _pixels(path: Path) -> int:
    """What the file's header says; 0 for one that will fail anyway."""
    try:
        if not path.is_file():
            return 0
        with path.open("rb") as file:
            size = image_size(file)
    except OSError:
        return 0
    return size.pixels if size else 0
