"""What Python sees of a call: which functions were called with what, which cv2 functions from which line, and large arrays.

The interpreter's profile hook tells of each call and return. The hook's own time is taken out of what it measures.
"""

from __future__ import annotations

import inspect
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import numpy as np

from labkit.diagnosis.likeness import Unknown, mark
from labkit.profiling.sources import is_own, short_path

MOST_EVENTS = 500_000  # of each call that is noted: some seconds
MOST_MARKING_NS = 3_000_000_000  # in each thread, to tell arguments from each other
Line = tuple[str, int]  # file, line


@dataclass(eq=False)
class Called:
    """One call of a function from a line of one's own.

    ``what`` marks function and arguments, ``result`` what came back; None where that can't be told, or nothing is made.
    """

    line: Line
    name: str
    what: Any
    given: list[Any]
    outer: Called | None
    builds: bool
    result: Any = None
    ns: int = 0


@dataclass(frozen=True)
class Wide:
    """A large float64 array, the place of one's own where it came to be, and whether one's own code or a library made it."""

    place: str
    nbytes: int
    own: bool


class Trace:
    """Watches calls, in whatever thread begins while :meth:`watching`. ``folders`` count as one's own; see ``is_own``."""

    def __init__(self, folders: Collection[str], large: int) -> None:
        self.called: list[Called] = []
        self.cv2_ns: dict[tuple[Line, str], list[int]] = defaultdict(list)
        self.wide: list[Wide] = []
        self.events = 0
        self._folders, self._large = tuple(folders), large
        self._own: dict[CodeType, bool] = {}
        self._cv2 = _functions_of("cv2")
        self._thread = threading.local()
        self._on = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Within this context threads that begin carry the hook; nothing is noted outside of :meth:`note`."""
        threading.setprofile(self._hook)
        try:
            yield
        finally:
            threading.setprofile(None)  # type: ignore[arg-type]

    def note(self, call: Callable[..., Any], inputs: tuple[Any, ...]) -> Any:
        """Call once and note what is seen; ``called`` then holds this call's alone."""
        self.called.clear()
        self.events = 0
        self._on = True
        sys.setprofile(self._hook)
        try:
            return call(*inputs)
        finally:
            sys.setprofile(None)
            self._on = False

    def _hook(self, frame: FrameType, event: str, argument: Any) -> None:
        if not self._on:
            return
        start = time.perf_counter_ns()
        self.events += 1
        if self.events > MOST_EVENTS:
            sys.setprofile(None)
            return
        thread = self._thread
        if not hasattr(thread, "open"):
            thread.open, thread.cv2, thread.own_ns = [], None, 0
        if event == "call":
            self._call(frame, thread)
        elif event == "return":
            self._return(frame, thread, argument, start)
        elif event == "c_call":
            if id(argument) in self._cv2:
                thread.cv2 = argument, frame, time.perf_counter_ns()
                return
        elif thread.cv2 is not None and thread.cv2[0] is argument:
            line = frame.f_code.co_filename, frame.f_lineno
            self.cv2_ns[line, argument.__name__].append(start - thread.cv2[2])
            thread.cv2 = None
        thread.own_ns += time.perf_counter_ns() - start

    def _call(self, frame: FrameType, thread: Any) -> None:
        caller = frame.f_back
        if caller is None or not self._is_own(caller.f_code) or frame.f_code.co_flags & _SUSPENDS:
            return
        outer = thread.open[-1][1] if thread.open else None
        what, given, builds = _what(frame) if thread.own_ns < MOST_MARKING_NS else (None, [], False)
        called = Called((caller.f_code.co_filename, caller.f_lineno), _name(frame), what, given, outer, builds)
        self.called.append(called)
        thread.open.append((frame, called, time.perf_counter_ns(), thread.own_ns))

    def _return(self, frame: FrameType, thread: Any, result: Any, now: int) -> None:
        if thread.open and thread.open[-1][0] is frame:
            _, called, start, own_ns = thread.open.pop()
            called.ns = now - start - (thread.own_ns - own_ns)
            called.result = _result(result) if result is not None or called.builds else None
        if not frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            return  # a module or class being made
        for name, value in frame.f_locals.items():
            if type(value) is np.ndarray and value.dtype == np.float64 and value.size >= self._large:
                place = f"{name} in {_name(frame)}{self._place(frame)}"
                self.wide.append(Wide(place, value.nbytes, self._is_own(frame.f_code)))

    def _place(self, frame: FrameType) -> str:
        """The nearest line of one's own, for people."""
        at: FrameType | None = frame
        while at is not None and not self._is_own(at.f_code):
            at = at.f_back
        return f" ({short_path(at.f_code.co_filename)}:{at.f_lineno})" if at else ""

    def _is_own(self, code: CodeType) -> bool:
        if code not in self._own:
            self._own[code] = is_own(code.co_filename, self._folders)
        return self._own[code]


_SUSPENDS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def _what(frame: FrameType) -> tuple[Any, list[Any], bool]:
    """A mark of function and arguments (None where they can't be told), the arguments, and whether it is a constructor."""
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    given = [frame.f_locals.get(name) for name in code.co_varnames[:count]]
    builds = _builds(code, given)
    try:
        return (id(code), mark(tuple(given[builds:]), lenient=bool(builds))), given[builds:], bool(builds)
    except (Unknown, RuntimeError, TypeError, ValueError):
        return None, [], bool(builds)


def _builds(code: CodeType, given: list[Any]) -> int:
    """1 for a constructor, whose first argument is the thing that is not there yet; else 0."""
    if not given:
        return 0
    start = getattr(type(given[0]), "__init__", None)
    return int(code.co_name == "__init__" or getattr(start, "__code__", None) is code)


def _result(value: Any) -> Any:
    try:
        return mark(value, lenient=True)
    except (Unknown, RuntimeError, TypeError, ValueError):
        return "a", type(value).__qualname__


def _name(frame: FrameType) -> str:
    """A function by its module's and its own name; a constructor by its class."""
    code = frame.f_code
    given = [frame.f_locals.get(name) for name in code.co_varnames[: code.co_argcount]]
    if _builds(code, given):
        return type(given[0]).__qualname__
    return code.co_qualname.replace("<locals>.", "")


def _functions_of(module: str) -> dict[int, Any]:
    """By identity, the compiled functions of a module that is imported; they are held, so that no other takes their place."""
    found = vars(sys.modules[module]) if module in sys.modules else {}
    return {id(value): value for value in found.values() if inspect.isbuiltin(value)}
