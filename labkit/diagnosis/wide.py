"""Arrays widened to float64 on the way: seen by inputs that tell what is made of them.

The inputs are handed over as arrays of a class of their own, which NumPy hands on to results. So arrays without a name are seen
too, such as ``image / 255`` within a line; what compiled functions make is not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from types import FrameType
from typing import Any

import numpy as np

from labkit.diagnosis.trace import Wide
from labkit.profiling.sources import is_own, short_path


def widened(call: Callable[..., Any], inputs: tuple[Any, ...], large: int, folders: Collection[str]) -> list[Wide]:
    """The float64 arrays of at least ``large`` elements that a call makes of its inputs; none where it won't take such inputs."""
    made: list[Wide] = []

    class Telling(np.ndarray):
        def __array_finalize__(self, source: Any) -> None:
            if source is not None and source.dtype != np.float64:
                note(self)

        def __array_ufunc__(self, ufunc: np.ufunc, method: str, *given: Any, **options: Any) -> Any:
            if out := options.get("out"):
                options["out"] = tuple(_plain(array) for array in out)
            result = getattr(ufunc, method)(*map(_plain, given), **options)
            if out:
                return out[0] if len(out) == 1 else out
            for array in result if isinstance(result, tuple) else (result,):
                if not any(isinstance(one, np.ndarray) and one.dtype == np.float64 for one in given):
                    note(array)
            return _telling(result)

    def note(array: Any) -> None:
        if isinstance(array, np.ndarray) and array.dtype == np.float64 and array.size >= large:
            maker = sys._getframe(2)
            made.append(Wide(_place(maker, folders), array.nbytes, is_own(maker.f_code.co_filename, folders)))

    def _plain(value: Any) -> Any:
        return value.view(np.ndarray) if isinstance(value, Telling) else value

    def _telling(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(_telling, value))
        return value.view(Telling) if isinstance(value, np.ndarray) else value

    try:
        call(*(_through(value, _telling) for value in inputs))
    except Exception:
        return []
    return made


def _through(value: Any, change: Callable[[np.ndarray], Any]) -> Any:
    if type(value) is np.ndarray:
        return change(value)
    if type(value) in (list, tuple):
        return type(value)(_through(inner, change) for inner in value)
    return value


def _place(frame: FrameType | None, folders: Collection[str]) -> str:
    """The nearest line of one's own from a frame on, for people."""
    while frame is not None and not is_own(frame.f_code.co_filename, folders):
        frame = frame.f_back
    return f"{short_path(frame.f_code.co_filename)}:{frame.f_lineno}" if frame else ""


def narrow(values: Any) -> bool:
    """Do these inputs or outputs hold arrays, and none of them float64 or wider?"""
    from labkit.diagnosis.likeness import leaves

    kinds = [leaf.dtype for leaf in leaves(values) if isinstance(leaf, np.ndarray)]
    return bool(kinds) and not any(kind.kind in "fc" and kind.itemsize >= 8 for kind in kinds)
