"""Are two values alike? Each value gets a mark: alike values have equal marks, also in two calls; some can't be told."""

from __future__ import annotations

import enum
import hashlib
import random
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

DEEPEST = 4
MOST_ELEMENTS = 500
LARGEST_WHOLE = 1 << 16  # bytes of an array that are all looked at; of a larger one as many, spread over it
PLAIN = (type(None), bool, int, float, complex, str, bytes, np.generic)
NAMED = (type, FunctionType, BuiltinFunctionType, ModuleType, enum.Enum, np.dtype)
GENERATORS = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, random.Random)


class Unknown(Exception):
    """What this value holds can't be told: a lock, a file, a compiled object."""


def mark(value: Any, *, lenient: bool = False) -> Any:
    """A hashable mark of what a value holds. Raises Unknown, also for what holds more than some hundred values.

    Where ``lenient``, a type alone marks what is inside an object: for the parts of a thing that is being built. Two transforms
    of equal settings are alike, whatever their locks.
    """
    return _mark(value, lenient, 0, [MOST_ELEMENTS])


def _mark(value: Any, lenient: bool, depth: int, left: list[int]) -> Any:
    left[0] -= 1
    if left[0] < 0:
        raise Unknown
    if isinstance(value, str | bytes):
        return type(value).__name__, len(value), hash(value)
    if isinstance(value, PLAIN):
        return type(value).__name__, repr(value)
    if isinstance(value, NAMED):
        return "named", id(value)
    if isinstance(value, np.ndarray):
        return _array_mark(value)
    if depth < DEEPEST:
        if isinstance(value, tuple | list):
            return type(value).__name__, tuple(_mark(inner, lenient, depth + 1, left) for inner in value)
        if isinstance(value, dict):
            return "dict", tuple((repr(key), _mark(inner, lenient, depth + 1, left)) for key, inner in value.items())
        if isinstance(value, set | frozenset):
            return "set", tuple(sorted(repr(_mark(inner, lenient, depth + 1, left)) for inner in value))
        inside = getattr(value, "__dict__", None)
        if inside is not None and not isinstance(value, GENERATORS):
            return type(value).__qualname__, _mark(dict(inside), lenient, depth + 1, left)
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
