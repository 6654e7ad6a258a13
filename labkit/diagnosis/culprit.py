"""Which function changes what the whole process shares: the first to return after it was changed."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable, Collection
from types import FrameType
from typing import Any

from labkit.measure.watch import move_generators, shared_state
from labkit.profiling.sources import short_path

MOST_RETURNS = 20_000  # each costs some 50 µs: the state is read at every one


def culprits(call: Callable[..., Any], inputs: tuple[Any, ...], names: Collection[str]) -> dict[str, str]:
    """Call once; for each piece of shared state that changes meanwhile, the function and line that did it, if seen."""
    move_generators()
    before = shared_state()
    found: dict[str, str] = {}
    library = sysconfig.get_path("stdlib")
    returns = 0

    def hook(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal returns
        if event != "return" or len(found) == len(names) or returns > MOST_RETURNS:
            return
        returns += 1
        now = shared_state()
        for name in names:
            if name not in found and now.get(name) != before.get(name):
                found[name] = _told(frame, library)

    sys.setprofile(hook)
    try:
        call(*inputs)
    finally:
        sys.setprofile(None)
    return found


def _told(frame: FrameType, library: str) -> str:
    """The function, and not the standard library's that it went through: ``random.seed`` is not to blame."""
    while frame.f_code.co_filename.startswith(library) and "-packages" not in frame.f_code.co_filename:
        if frame.f_back is None:
            break
        frame = frame.f_back
    module = str(frame.f_globals.get("__name__", ""))
    place = module if "-packages" in frame.f_code.co_filename else short_path(frame.f_code.co_filename)
    return f"{frame.f_code.co_qualname} ({place}:{frame.f_lineno})"
