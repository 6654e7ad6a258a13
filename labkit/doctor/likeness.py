"""Are two values alike? Each value gets a mark: alike values have equal marks, also in two calls; some can't be told."""

from __future__ import annotations

import enum
import hashlib
import random
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

DEEPEST = 4
MOST_ELEMENTS = 1000
LARGEST_WHOLE = 1 << 16  # bytes of an array that are all looked at; of a larger one as many, spread over it
PLAIN = (type(None), bool, int, float, complex, str, bytes, np.generic)
NAMED = (type, FunctionType, BuiltinFunctionType, ModuleType, enum.Enum, np.dtype)
GENERATORS = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, random.Random)


class Unknown(Exception):
    """What this value holds can't be told: a lock, a file, a compiled object."""


def mark(value: Any, *, lenient: bool = False, depth: int = 0) -> Any:
    """A hashable mark of what a value holds. Raises Unknown; where ``lenient``, a type alone marks what is inside an object.

    Lenient is for the parts of a thing that is being built: two transforms of equal settings are alike, whatever their locks.
    """
    if isinstance(value, PLAIN):
        return type(value).__name__, repr(value)
    if isinstance(value, NAMED):
        return "named", id(value)
    if isinstance(value, np.ndarray):
        return _array_mark(value)
    if depth < DEEPEST:
        if isinstance(value, tuple | list) and len(value) <= MOST_ELEMENTS:
            return type(value).__name__, tuple(mark(inner, lenient=lenient, depth=depth + 1) for inner in value)
        if isinstance(value, dict) and len(value) <= MOST_ELEMENTS:
            keys = tuple(sorted((repr(key), mark(value[key], lenient=lenient, depth=depth + 1)) for key in value))
            return "dict", keys
        if isinstance(value, set | frozenset) and len(value) <= MOST_ELEMENTS:
            return "set", tuple(sorted(repr(mark(inner, lenient=lenient, depth=depth + 1)) for inner in value))
        inside = getattr(value, "__dict__", None)
        if inside is not None and not isinstance(value, GENERATORS):
            return type(value).__qualname__, mark(dict(inside), lenient=lenient, depth=depth + 1)
    if lenient:
        return "a", type(value).__qualname__
    raise Unknown


def _array_mark(array: np.ndarray) -> Any:
    if array.dtype.hasobject:
        raise Unknown
    sample = array
    if array.nbytes > LARGEST_WHOLE:
        step = int(np.ceil((array.nbytes / LARGEST_WHOLE) ** (1 / array.ndim)))
        sample = array[tuple(slice(None, None, step) for _ in array.shape)]
    return array.shape, array.dtype.str, hashlib.blake2b(sample.tobytes(), digest_size=8).digest()


def leaves(value: Any, depth: int = 0) -> list[Any]:
    """The arrays and plain values inside of a value, as far as they can be reached."""
    if isinstance(value, (*PLAIN, np.ndarray)):
        return [value]
    if depth == DEEPEST:
        return []
    inner: Any = ()
    if isinstance(value, tuple | list | set | frozenset):
        inner = value
    elif isinstance(value, dict):
        inner = value.values()
    elif not isinstance(value, NAMED):
        inner = getattr(value, "__dict__", {}).values()
    return [leaf for part in list(inner)[:MOST_ELEMENTS] for leaf in leaves(part, depth + 1)]
