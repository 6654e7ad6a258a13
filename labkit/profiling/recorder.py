"""Recording by line: line_profiler over every function of one's own that a call reaches.

line_profiler is told which functions to watch, charges a line with the time of whatever it calls, and watches only the
thread that enabled it. So the call is first *explored* once with the interpreter's profile hook, which sees every
function and who called it, in whatever thread; then it is *recorded*. What the exploration says about call sites lets
the time of a function be taken out of the lines that called it, so that all lines together add up to the total.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from types import CellType, CodeType, FrameType, FunctionType, SimpleNamespace
from typing import Any

from line_profiler import LineProfiler
from line_profiler._line_profiler import USE_LEGACY_TRACE  # type: ignore[attr-defined]  # else sys.monitoring, for all threads

from labkit.profiling.sources import is_own

Key = tuple[str, int, str]  # file, first line, qualified name: what line_profiler calls a function by
Site = tuple[Key | None, int]  # the function and line that a call came from; None, 0 where no own function called


@dataclass
class Findings:
    """What was recorded: ``lines[key][line]`` is [hits, nanoseconds]; ``sites[key][site]`` nanoseconds in one exploration.

    ``outermost[site]`` tells of all calls from a site, in that exploration, how many they were and their nanoseconds, then both
    of those alone that began while none from there was under way: less, where functions recurse.
    """

    lines: dict[Key, dict[int, list[int]]] = field(default_factory=dict)
    sites: dict[Key, dict[Site, int]] = field(default_factory=dict)
    outermost: dict[Site, list[int]] = field(default_factory=dict)
    calls_ns: list[int] = field(default_factory=list)

    def add(self, other: Findings) -> None:
        for key, lines in other.lines.items():
            mine = self.lines.setdefault(key, {})
            for number, (hits, ns) in lines.items():
                entry = mine.setdefault(number, [0, 0])
                entry[0] += hits
                entry[1] += ns
        for key, sites in other.sites.items():
            known = self.sites.setdefault(key, {})
            for site, ns in sites.items():
                known[site] = known.get(site, 0) + ns
        for site, counts in other.outermost.items():
            self.outermost[site] = [a + b for a, b in zip(self.outermost.get(site, [0] * 4), counts, strict=True)]
        self.calls_ns += other.calls_ns

    @property
    def hits(self) -> int:
        return sum(hits for lines in self.lines.values() for hits, _ in lines.values())


def code_key(function: object) -> Key | None:
    """By what a Python function is known; None for anything else."""
    code = getattr(function, "__code__", None)
    return (code.co_filename, code.co_firstlineno, code.co_qualname) if isinstance(code, CodeType) else None


class Recorder:
    """Watches the own functions that one callable reaches. ``folders`` count as one's own besides what always does."""

    def __init__(self, folders: Collection[str] = ()) -> None:
        self.found = Findings()
        self.threaded = False  # did own functions run in more than one thread?
        self.lost = False  # was a hook taken away during a call? Then who called whom, or which lines ran, is not known
        self._folders = tuple(folders)
        self._profiler = LineProfiler()

    def explore(self, call: Callable[..., Any], inputs: tuple[Any, ...], cython: bool = False) -> Any:
        """Call once, learn which own functions it reaches, and watch those from now on. Returns what the call returns."""
        explorer = _Explorer(self._folders, self.watch_this_thread)
        threading.setprofile(explorer)
        if cython:  # whose frames know their line only while somebody traces
            sys.settrace(_idle)
        sys.setprofile(explorer)
        try:
            return call(*inputs)
        finally:
            self.lost |= sys.getprofile() is not explorer
            sys.setprofile(None)
            sys.settrace(None)
            threading.setprofile(None)
            explorer.over = True
            self.threaded = explorer.threads > 1
            for key, sites in explorer.sites.items():
                self.found.sites.setdefault(key, {}).update(sites)
            self.found.outermost.update(explorer.outermost)
            self._watch(list(explorer.codes.values()))

    def watch_this_thread(self) -> None:
        """Record what runs in this thread from its next function call on."""
        if USE_LEGACY_TRACE and self._profiler.enable_count == 0:  # type: ignore[attr-defined]
            self._enable()

    def _enable(self) -> None:
        """Begin to record in this thread, which may have the number of one that ended while line_profiler watched it."""
        state = self._profiler._manager  # type: ignore[attr-defined]
        if USE_LEGACY_TRACE and sys.gettrace() is not state:
            state.active_instances.clear()  # else line_profiler takes this thread for the old one, and for traced already
        self._profiler.enable_by_count()

    def record(self, call: Callable[..., Any], inputs: tuple[Any, ...]) -> Any:
        """Call once with every watched line timed; threads that the call starts are watched too."""
        if USE_LEGACY_TRACE:
            threading.settrace(lambda *_: self.watch_this_thread())
        self._enable()
        start = time.perf_counter_ns()
        try:
            output = call(*inputs)
            self.found.calls_ns.append(time.perf_counter_ns() - start)
        finally:
            self.lost |= bool(USE_LEGACY_TRACE) and sys.gettrace() is not self._profiler._manager  # type: ignore[attr-defined]
            self._profiler.disable_by_count()
            threading.settrace(None)  # type: ignore[arg-type]
        return output

    def findings(self) -> Findings:
        """Everything recorded so far."""
        stats = self._profiler.get_stats()
        unit_ns = stats.unit * 1e9
        for key, entries in stats.timings.items():
            if entries:  # else found and never called again: a first call's warming up, or what keeps its answers
                self.found.lines[key] = {line: [hits, round(ticks * unit_ns)] for line, hits, ticks in entries}
        return self.found

    def _watch(self, found: list[CodeType]) -> None:
        codes = set(found)
        for code in found:
            if not any(code.co_code):  # Cython's, which is known by its name and place, and has no function to be found
                place = {"__file__": _place(code.co_filename, self._folders)}
                self._profiler.add_function(SimpleNamespace(__code__=code, __globals__=place))
        wanted = {id(code) for code in found}  # a module that was imported twice holds two functions of equal code
        for function in gc.get_referrers(*found):
            if isinstance(function, FunctionType) and id(function.__code__) in wanted:
                function.__code__ = self._with_watched_parts(function.__code__, codes)
                self._profiler.add_function(function)

    def _with_watched_parts(self, code: CodeType, codes: set[CodeType]) -> CodeType:
        """The code with its inner functions replaced by watched ones: line_profiler knows a code by its exact bytes."""
        parts: list[Any] = []
        for part in code.co_consts:
            if isinstance(part, CodeType):
                part = self._with_watched_parts(part, codes) if part not in codes else self._watched(part, codes)
            parts.append(part)
        return code.replace(co_consts=tuple(parts))

    def _watched(self, code: CodeType, codes: set[CodeType]) -> CodeType:
        whole = self._with_watched_parts(code, codes)
        carrier = FunctionType(whole, {}, closure=tuple(CellType() for _ in whole.co_freevars) or None)
        self._profiler.add_function(carrier)
        return carrier.__code__


class _Explorer:
    """A profile hook that notes each own function and the time spent in it by call site, thread by thread."""

    def __init__(self, folders: tuple[str, ...], after: Callable[[], None]) -> None:
        self.codes: dict[int, CodeType] = {}
        self.sites: dict[Key, Counter[Site]] = defaultdict(Counter)
        self.outermost: dict[Site, list[int]] = defaultdict(lambda: [0] * 4)
        self.over = False
        self.threads = 0
        self._folders, self._after = folders, after
        self._keys: dict[int, tuple[CodeType, Key | None]] = {}  # by identity: equal codes may lie in two files
        self._thread = threading.local()

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if self.over:  # a pool's thread, met again
            sys.setprofile(None)
            self._after()
        elif event == "call":
            stack = self._stack()
            key = self._own_key(frame.f_code, outermost=not stack)
            if key is not None:
                site: Site = (stack[-1][1], stack[-1][0].f_lineno) if stack else (None, 0)
                self.codes[id(frame.f_code)] = frame.f_code
                self.sites[key][site] += 0  # known from its first call on: the variant before those that it calls
                if not hasattr(self._thread, "known"):
                    self._thread.known = True
                    self.threads += 1
                recurses = any(site == other for _, _, other, _, _ in stack)
                stack.append((frame, key, site, recurses, time.perf_counter_ns()))
        elif event == "return":
            stack = self._stack()
            if stack and stack[-1][0] is frame:
                _, key, site, recurses, start = stack.pop()
                spent = time.perf_counter_ns() - start
                self.sites[key][site] += spent
                seen = self.outermost[site]
                for place, number in enumerate((1, spent) if recurses else (1, spent, 1, spent)):
                    seen[place] += number

    def _stack(self) -> list[tuple[FrameType, Key, Site, bool, int]]:
        try:
            return self._thread.stack  # type: ignore[no-any-return]
        except AttributeError:
            self._thread.stack = []
            return self._thread.stack  # type: ignore[no-any-return]

    def _own_key(self, code: CodeType, outermost: bool) -> Key | None:
        """None for what is not one's own. Comprehensions, lambdas and the like belong to the line that runs them.

        A lambda that no own line runs, such as a variant that is one, or a thread's target, is a function like others.
        """
        if id(code) not in self._keys:
            file = _place(code.co_filename, self._folders)
            key = (file, code.co_firstlineno, code.co_qualname) if is_own(file, self._folders) else None
            self._keys[id(code)] = code, key
        if code.co_name.startswith("<") and not (outermost and code.co_name == "<lambda>"):
            return None
        return self._keys[id(code)][1]


def _place(filename: str, folders: tuple[str, ...]) -> str:
    """Where a file lies that Cython names relative to nobody knows what."""
    if not os.path.isabs(filename) and not filename.startswith("<"):
        for folder in folders:
            if os.path.exists(os.path.join(folder, filename)):
                return os.path.join(folder, filename)
    return filename


def _idle(frame: FrameType, event: str, argument: Any) -> Any:
    return _idle
