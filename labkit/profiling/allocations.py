"""Which line allocated how much: one call under memray, told by the lines of the user's own code.

Why memray and not memory_profiler: memory_profiler reads the process's resident size between one line and the next.
A temporary that comes and goes within a line, memory that is freed and used again, and pages that are reserved but not
yet touched are invisible to it; what another thread allocates meanwhile is charged to the line; and ``%mprun`` finds
only functions that stand in a file. memray intercepts each allocation (malloc, mmap, Python's own allocator) of NumPy,
OpenCV and C++ alike, in every thread, and notes the Python stack beneath it: bytes are exact, freed memory is known
as freed, and code from notebook cells has its lines too. It does not exist for Windows.
Source: https://bloomberg.github.io/memray/memory.html
"""

from __future__ import annotations

import ctypes
import functools
import linecache
import os
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, MethodType
from typing import Any

from labkit.engines import reuse
from labkit.profiling.sources import is_own, short_path

Place = tuple[str, str, int]  # function, file, line
Tally = dict[Place, list[int]]  # bytes at the greatest total, bytes in all, number of allocations

ELSEWHERE: Place = ("elsewhere", "", 0)
UNLINED: Place = ("unlined", "", 0)  # beneath the variant's call, but in no line of the user's
NOT_FUNCTIONS = ("<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>")  # told as part of the function around them
FREEING = ("FREE", "PYMALLOC_FREE", "MUNMAP")  # names of memray.AllocatorType
START = "start"


@dataclass(frozen=True)
class AllocationLine:
    """What one line of the user's code allocated in one call.

    ``peak_bytes`` were held by its allocations at the moment when all allocations together were greatest;
    ``allocated_bytes`` in ``allocations`` pieces is everything it asked for, freed or not (an array that grows counts anew
    each time). ``line`` is 0 in the rows that stand for no line.
    """

    function: str
    file: str
    line: int
    source: str
    peak_bytes: int
    allocated_bytes: int
    allocations: int


@dataclass(frozen=True)
class Part:
    """A variant's partial as an engine is given it: in a worker process it is tracked there, once ``folder`` says start.

    Without a folder it is only called. Either way memory that the worker's allocator keeps for later is given back, and its
    arrays take no memory of freed ones, as they would otherwise under an engine: nobody would see them taken.
    """

    partial: Callable[..., Any]
    home: int  # the process that tracks itself
    folder: str | None
    objects: bool = True

    def __call__(self, *part: Any) -> Any:
        reuse.use(False)
        if os.getpid() == self.home:
            return call_variant(self.partial, part)
        try:
            if self.folder is None or not (Path(self.folder) / START).exists():
                return call_variant(self.partial, part)
            with tracking(self.folder, self.objects):
                return call_variant(self.partial, part)
        finally:
            give_back()


def call_variant(function: Callable[..., Any], inputs: tuple[Any, ...]) -> Any:
    """Call it from a frame that is known: what is allocated beneath is the variant's, even when it has no lines."""
    return function(*inputs)


@contextmanager
def tracking(folder: str, objects: bool = True) -> Iterator[None]:
    """Write all allocations of this process, and of those it forks meanwhile, into files in a folder.

    ``objects``: single Python objects too, not only the arenas of 1 MiB that hold them.
    """
    import memray

    file = Path(folder) / f"{os.getpid()}-{time.monotonic_ns()}.bin"
    with memray.Tracker(file, trace_python_allocators=objects, follow_fork=True):
        yield


def give_back() -> None:
    """Return free memory to the system (glibc), so that the next call has to ask for what it needs."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):
        pass  # another C library: its allocator keeps what it likes


@dataclass
class Tracked:
    """What the files of one call tell, in all processes. ``total`` is the sum of each process's greatest total."""

    lines: list[AllocationLine]
    total: int
    processes: int


def read_folder(folder: str, folders: Collection[str], unlined: tuple[str, str] | None = None) -> Tracked:
    """Sum the files of a call up. A process that wrote several counts with the one whose total was greatest.

    Code in ``folders`` is the user's own, wherever that is. ``unlined`` is the name of a variant that has no lines, and
    why: what it allocates gets one row of that name. Of other variants the little that no line asked for is elsewhere.
    """
    greatest: dict[str, Tally] = {}
    tally: Tally = {}
    own: dict[str, bool] = {}
    for path in sorted(Path(folder).glob("*.bin*")):
        process = path.suffix[1:] if path.suffix != ".bin" else path.name.partition("-")[0]
        at_peak, in_all = _read(path, folders, own)
        if _total(at_peak) >= _total(greatest.get(process, {})):
            greatest[process] = at_peak
        _add(tally, in_all)
    for at_peak in greatest.values():
        _add(tally, at_peak)
    if unlined is None and UNLINED in tally:
        _add(tally, {ELSEWHERE: tally.pop(UNLINED)})
    lines = [_line(place, found, unlined) for place, found in tally.items()]
    weight = Counter[str]()
    for row in lines:
        weight[row.file] += row.peak_bytes
    lines.sort(key=lambda row: (not row.file, row.function == ELSEWHERE[0], -weight[row.file], row.file, row.line))
    return Tracked(lines, sum(row.peak_bytes for row in lines), len(greatest))


def _line(place: Place, found: list[int], unlined: tuple[str, str] | None) -> AllocationLine:
    function, file, line = place
    if place == UNLINED and unlined:
        return AllocationLine(unlined[0], "", 0, unlined[1], *found)
    source = linecache.getline(file, line).strip() if line else "the engine, threads of libraries, the interpreter"
    return AllocationLine(function, short_path(file) if file else "", line, source, *found)


def without_lines(function: Any, folders: Collection[str]) -> str | None:
    """Why a function has no line of the user's; None when it has. Cython's functions only look as if: they bring code."""
    while isinstance(function, functools.partial):
        function = function.func
    if not isinstance(function, FunctionType | MethodType):
        return "compiled, it has no Python lines"
    return None if is_own(function.__code__.co_filename, folders) else "it has no line of yours"


def _read(path: Path, folders: Collection[str], own: dict[str, bool]) -> tuple[Tally, Tally]:
    """One file: the tally of the moment of its greatest total, and of all that was allocated."""
    import memray

    freeing = {memray.AllocatorType[name] for name in FREEING}
    with memray.FileReader(path) as reader:
        at_peak: Tally = {}
        for record in reader.get_high_watermark_allocation_records(merge_threads=True):
            at_peak.setdefault(place_of(record.stack_trace(), folders, own), [0, 0, 0])[0] += record.size
        counts: dict[int, list[int]] = {}
        first: dict[int, Any] = {}
        for record in reader.get_allocation_records():  # often millions: stacks are looked at once each
            if record.allocator in freeing:
                continue
            count = counts.get(record.stack_id)
            if count is None:
                count = counts[record.stack_id] = [0, 0]
                first[record.stack_id] = record
            count[0] += record.size
            count[1] += 1
        in_all: Tally = {}
        for number, (size, pieces) in counts.items():
            found = in_all.setdefault(place_of(first[number].stack_trace(), folders, own), [0, 0, 0])
            found[1] += size
            found[2] += pieces
    return at_peak, in_all


def place_of(stack: Iterable[Place], folders: Collection[str], own: dict[str, bool]) -> Place:
    """The innermost line of the user's own code in a stack (innermost frame first), or which row stands for none.

    ``own`` remembers the answers of :func:`is_own`.
    """
    found: Place | None = None
    for function, file, line in stack:
        if found is not None:
            if file == found[1] and function not in NOT_FUNCTIONS:
                return (function, file, found[2])
            continue
        if file == __file__:
            return UNLINED if function == call_variant.__name__ else ELSEWHERE
        if file not in own:
            own[file] = is_own(file, folders)
        if own[file]:
            found = (function, file, line)
            if function not in NOT_FUNCTIONS:
                return found
    return found or ELSEWHERE


def _add(tally: Tally, more: Tally) -> None:
    for place, found in more.items():
        sums = tally.setdefault(place, [0, 0, 0])
        for number, value in enumerate(found):
            sums[number] += value


def _total(tally: Tally) -> int:
    return sum(found[0] for found in tally.values())
