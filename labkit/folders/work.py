"""What a worker does with one image: read, apply the chain, write. Its answer is small; images never leave the worker."""

from __future__ import annotations

import ctypes
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import cv2
import numpy as np

from labkit.core.errors import NotOffered
from labkit.engines import reuse
from labkit.folders.plan import FileTask
from labkit.imagefiles.image import BadFile, encoded, read_image, write_image
from labkit.pipelines.chains import Chain
from labkit.processes.memory import forget_high_water, resident

C = ctypes.CDLL(None)
TRIM = getattr(C, "malloc_trim", None)  # the GNU C library's: give freed memory back to the system
M_MMAP_THRESHOLD, LARGE = -3, 1 << 20  # mallopt(3): blocks from so many bytes on go back as soon as they are freed


class Done(NamedTuple):
    """What became of one image. ``failures`` are pairs of (output, or "" for all of them; reason)."""

    written: int = 0
    pixels: int = 0
    failures: tuple[tuple[str, str], ...] = ()
    short_of_memory: bool = False
    peak_bytes: int | None = None  # how far the worker's memory rose, where it was watched
    notes: tuple[str, ...] = ()  # what of the file is not in its image


@dataclass(frozen=True)
class Work:
    """Everything a worker knows beforehand; it is sent to a worker once and called there for each image."""

    source: Path
    target: Path
    chain: Chain
    seed: int
    max_pixels: int

    def __call__(self, task: FileTask, allowance: int | None = None) -> Done:
        """Make the outputs of one image. ``allowance``: bytes that this process may take beyond what it holds now."""
        written, pixels, failures, short = 0, 0, [], False
        notes: list[str] = []
        with _at_most(allowance) as rise:
            try:
                image = read_image(self.source / task.image, self.max_pixels, notes.append)
                pixels = image.shape[0] * image.shape[1]
                for index, output in task.outputs:
                    try:
                        self._make(image, index, output)
                        written += 1
                    except BadFile as error:
                        failures.append((output, str(error)))
                del image
            except BadFile as error:
                failures.append(("", str(error)))
            except MemoryError as error:
                failures.append(("", f"out of memory: {error}" if str(error) else "out of memory"))
                short = True
        return Done(written, pixels, tuple(failures), short, rise.bytes, tuple(notes))

    def _make(self, image: np.ndarray, index: int, output: str) -> None:
        try:
            made = self.chain(image, self.seed, index)
            data = encoded(made, PurePosixPath(output).suffix)
        except (BadFile, MemoryError):
            raise
        except Exception as error:
            if isinstance(error, cv2.error) and "Insufficient memory" in str(error):
                raise MemoryError("in OpenCV") from error
            what = "can't take it" if isinstance(error, NotOffered) else f"raised {type(error).__name__}"
            reason = " ".join(str(error).split())
            raise BadFile(f"the chain {self.chain.name} {what}" + (f": {reason}" if reason else "")) from error
        write_image(self.target / output, data)


class Rise:
    """How many bytes a process's memory rose; None where that was not watched."""

    bytes: int | None = None


class _ProcessLimit:
    """The limit of a process is one for all its threads: what it held before, and the sum of what they may take.

    It is on data as the kernel counts it (getrlimit(2), RLIMIT_DATA), which is at least what becomes resident.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads = self._entered = 0
        self._sum = 0
        self._held: int | None = None
        self._before = (-1, -1)

    def begin_anew(self) -> None:
        """What the process holds now is the base again, with the next image."""
        with self._lock:
            if not self._threads:
                self._held = None

    def enter(self, allowance: int, held: int) -> int:
        """Returns how often it was entered: alone is who finds the same number at the end."""
        with self._lock:
            if self._held is None:  # once: what is kept of freed memory later is no new base
                self._before, self._held = resource.getrlimit(resource.RLIMIT_DATA), held
                if hasattr(C, "mallopt"):
                    C.mallopt(M_MMAP_THRESHOLD, LARGE)
            self._threads += 1
            self._entered += 1
            self._sum += allowance
            self._set()
            return self._entered if self._threads == 1 else 0

    def leave(self, allowance: int) -> int:
        with self._lock:
            self._threads -= 1
            self._sum -= allowance
            self._set()
            return self._entered

    def _set(self) -> None:
        soft = (self._held or 0) + self._sum if self._threads else self._before[0]
        resource.setrlimit(resource.RLIMIT_DATA, (soft, self._before[1]))


_limit = _ProcessLimit()
_preparing = threading.Lock()


@contextmanager
def _at_most(allowance: int | None) -> Iterator[Rise]:
    """Allocations beyond ``allowance`` bytes raise MemoryError meanwhile; freed memory goes back to the system after."""
    rise = Rise()
    held = resident("VmData") if allowance is not None else None
    if allowance is None or held is None:
        yield rise
        return
    reuse.use(False)  # what is kept for the next image is nobody's allowance
    entered = _limit.enter(allowance, held)
    if entered:
        forget_high_water()
    low = resident("VmRSS")
    try:
        yield rise
    finally:
        high = resident("VmHWM")
        if _limit.leave(allowance) == entered and high is not None and low is not None:
            rise.bytes = max(0, high - low)
        if TRIM is not None:
            TRIM(0)


def prepared(work: Work) -> Work:
    """What a worker makes once: the same, after a first small image, so that imports and compiling are over."""
    with _preparing:
        try:
            work.chain(np.full((256, 256, 3), 200, np.uint8), work.seed, 0)
        except Exception:
            pass  # a chain may refuse so small an image: with a real one it will say so
        _limit.begin_anew()
    return work


def one_image(work: Work, task: FileTask, allowance: int | None = None) -> Done:
    """The function that engines run."""
    return work(task, allowance)
