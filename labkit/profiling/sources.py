"""Whose code is it, and what does it say: the user's own functions, and the source of those that live in notebook cells."""

from __future__ import annotations

import inspect
import linecache
import os
import site
import sys
import sysconfig
from collections.abc import Collection
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from line_profiler.line_profiler import get_code_block

from labkit.core.registry import COMPILED
from labkit.core.variant import Variant
from labkit.core.version import HOME

WORKBENCH = (
    "core",
    "kinds",
    "engines",
    "processes",
    "measure",
    "diagnosis",
    "profiling",
    "store",
    "reports",
    "functions",
    "notebook",
    "cli",
)


def cell_sources() -> dict[str, list[str]]:
    """Source lines of all code that this process holds in no file (notebook cells), by the name that its frames carry."""
    return {
        name: list(entry[2])
        for name, entry in linecache.cache.items()
        if len(entry) == 4 and entry[2] and not os.path.exists(name)
    }


def adopt(sources: dict[str, list[str]]) -> None:
    """Make another process's cells readable in this one. Entries without a time of change outlive ``checkcache``."""
    for name, lines in sources.items():
        linecache.cache[name] = (sum(map(len, lines)), None, lines, name)


def is_own(filename: str, folders: Collection[str] = ()) -> bool:
    """Is this file what people mean by «my code»: neither the standard library, nor an installed package, nor the workbench.

    The stages and pipelines of labkit are, wherever it is installed, and so is whatever lies in one of ``folders``, and code
    without a file of a name in it.
    """
    if filename.startswith("<"):  # a cell of a plain IPython; «<string>» is generated code
        return filename in linecache.cache or filename in folders
    path = os.path.abspath(filename)
    home = str(HOME)
    if _within(path, home):
        return not any(_within(path, os.path.join(home, part)) for part in WORKBENCH)
    if any(path == folder or _within(path, folder) for folder in folders):
        return True
    return not any(_within(path, folder) for folder in _installed())


def source_lines(filename: str, first: int) -> list[str]:
    """The lines of the function that begins at line ``first``, Cython's too, without line ends; empty without a source."""
    try:
        return [line.rstrip() for line in get_code_block(filename, first)]
    except (SyntaxError, IndexError):
        return []


def own_folders(variant: Variant) -> tuple[str, ...]:
    """The folder that holds a variant's file: its neighbours are its own, wherever they are installed.

    Only the file where it is a module that lies among all installed packages. What has no file (``<stdin>``, code that was
    generated) goes by the name that stands for one.
    """
    code = getattr(inspect.unwrap(variant.function or variant.arm or own_folders), "__code__", None)
    nowhere = (code.co_filename,) if code is not None and code.co_filename.startswith("<") else ()
    module = sys.modules.get(variant.origin.partition(":")[0])
    file = getattr(module, "__file__", None)
    if not file:
        return nowhere
    path = os.path.abspath(file)
    folder = os.path.dirname(path)
    return (*nowhere, path if folder in _installed() else folder)


def place_of(variant: Variant) -> tuple[Path, int | None] | None:
    """The source file that a variant is defined in, and the line where that is known; None for a notebook's cell."""
    file = getattr(sys.modules.get(variant.origin.partition(":")[0]), "__file__", None)
    if not file:
        return None
    path = Path(file).absolute()
    if path.name.endswith(tuple(EXTENSION_SUFFIXES)):
        stem = path.name.partition(".")[0]
        path = next(
            (path.with_name(stem + suffix) for suffix in COMPILED if path.with_name(stem + suffix).exists()), path
        )
    function = inspect.unwrap(variant.arm or variant.function or place_of)
    code = getattr(getattr(function, "py_func", function), "__code__", None)
    here = code is not None and Path(code.co_filename).name == path.name  # a decorator's function lies elsewhere
    return path, code.co_firstlineno if code is not None and here else None


def short_path(file: str) -> str:
    """A path as it is told to others: relative to the current folder or to where labkit lies, else its last part."""
    for home in (Path.cwd(), HOME.parent):
        if file.startswith(str(home) + os.sep):
            return str(Path(file).relative_to(home))
    return Path(file).name


@cache
def _installed() -> tuple[str, ...]:
    places = sysconfig.get_paths()
    folders = {places[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return tuple({os.path.abspath(path) for path in [*folders, *site.getsitepackages(), site.getusersitepackages()]})


def _within(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip(os.sep) + os.sep)
