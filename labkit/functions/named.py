"""Functions by name, as a command line gives them: ``FILE.py:name`` and ``package.module:name``."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labkit.core.errors import UsageError, listed, one_line
from labkit.core.registry import registry


def is_function_name(text: str) -> bool:
    """Is it ``something:name``, and not the name of a run?"""
    _, colon, name = text.rpartition(":")
    return bool(colon) and all(part.isidentifier() for part in name.split("."))


def function_named(text: str) -> Callable[..., Any]:
    """The function of that name; the file is run, or the module imported, once.

    Raises UsageError, in one line, for a file or module that isn't there or can't be run, and for a name that it lacks.
    """
    place, _, name = text.rpartition(":")
    found: Any = _module_of_file(Path(place)) if place.endswith(".py") else _module(place)
    for part in name.split("."):
        if not hasattr(found, part):
            known = [own for own, value in vars(found).items() if callable(value) and not own.startswith("_")]
            raise UsageError(f"{text}: no {part!r} there; it has: {listed(known)}")
        found = getattr(found, part)
    if not callable(found):
        raise UsageError(f"{text} is a {type(found).__name__}; give the name of a function")
    return found  # type: ignore[no-any-return]


def _module_of_file(path: Path) -> Any:
    try:
        return registry.load(path)
    except UsageError as error:
        raise UsageError(str(error).removeprefix("--load ")) from None


def _module(name: str) -> Any:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)  # as python -m has it
    try:
        return importlib.import_module(name)
    except Exception as error:
        problem = f"{name}: can't be imported: {one_line(error)}"
        raise UsageError(f"{problem}; give FILE.py:name or package.module:name") from None
