"""Numba's functions as the interpreter would run them: a jitted function has no lines that Python could see."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from labkit.profiling.sources import is_own

Name = tuple[dict[str, Any], str, Any]  # a namespace, a name in it, and the jitted function that it names


@contextmanager
def interpreted(function: Any) -> Iterator[Any]:
    """Within this context, every jitted function that ``function`` can reach by name is plain Python; yields ``function`` so.

    Source: Numba's documentation, ``py_func`` of a Dispatcher. Overflow, which compiled integers don't mind, is silent.
    """
    names = _jitted_names(function)
    try:
        for scope, name, jitted in names:
            scope[name] = jitted.py_func
        with np.errstate(all="ignore"):
            yield python_form(function)
    finally:
        for scope, name, jitted in names:
            scope[name] = jitted


def python_form(function: Any) -> Any:
    """The Python function behind a jitted one, also where a partial binds arguments to it; anything else as it is."""
    if isinstance(function, partial) and (inner := python_form(function.func)) is not function.func:
        return partial(inner, *function.args, **function.keywords)
    return function.py_func if _is_jitted(function) else function


def jitted_keys(function: Any) -> set[tuple[str, int, str]]:
    """File, first line and name of every jitted function that ``function`` is or can reach by name."""
    found = [jitted for _, _, jitted in _jitted_names(function)] + ([function] if _is_jitted(function) else [])
    codes = [jitted.py_func.__code__ for jitted in found]
    return {(code.co_filename, code.co_firstlineno, code.co_qualname) for code in codes}


def _jitted_names(function: Any) -> list[Name]:
    """Through the globals of the function, of the functions named there, and of the modules of one's own named there."""
    found: list[Name] = []
    scopes: list[Any] = [getattr(python_form(function), "__globals__", None)]
    seen: set[int] = set()
    while scopes:
        scope = scopes.pop()
        if scope is None or id(scope) in seen:
            continue
        seen.add(id(scope))
        for name, value in list(scope.items()):
            if _is_jitted(value):
                found.append((scope, name, value))
                scopes.append(value.py_func.__globals__)
            elif isinstance(value, FunctionType) and is_own(value.__code__.co_filename):
                scopes.append(value.__globals__)
            elif isinstance(value, ModuleType) and is_own(getattr(value, "__file__", None) or "<none>"):
                scopes.append(vars(value))
    return found


def _is_jitted(value: Any) -> bool:
    numba = sys.modules.get("numba")
    return numba is not None and isinstance(value, numba.core.dispatcher.Dispatcher)
