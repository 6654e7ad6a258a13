"""A try: does a user's source run, and which variants of a stage does it bring? In a launch process: it may do anything."""

from __future__ import annotations

import ast
import sys
import traceback
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cloudpickle

from labkit.core.errors import UsageError
from labkit.core.registry import registry, variant

MODULE = "labkit_own"


@dataclass(frozen=True)
class TrialTask:
    """Run a source and see which variants of a stage it brings.

    ``earlier``: modules whose variants of it are forgotten, in this process only. ``names``: what the source finds as if it
    had defined it, a dictionary as cloudpickle writes one.
    """

    stage: str
    source: str
    earlier: tuple[str, ...]
    names: bytes

    def run(self, held: Mapping[str, Any], send: Callable[[str, Any], None], mark: Callable[[int], None]) -> None:
        known = registry.variants.get(self.stage, {})
        for name in [n for n, old in known.items() if old.origin.partition(":")[0] in self.earlier]:
            del known[name]
        before = dict(known)
        module = types.ModuleType(MODULE)
        sys.modules[MODULE] = module
        try:
            vars(module).update(cloudpickle.loads(self.names))
            tree = ast.parse(self.source)
            exec(compile(self.source, f"<{MODULE}>", "exec"), vars(module))
            names = [name for name, found in registry.of(self.stage).items() if found is not before.get(name)]
            bare = None
            if not names:
                names = [bare := last_function(tree)]
                if not callable(vars(module).get(bare)):
                    raise UsageError(f"{bare} is a function at first and then something else")
                variant(self.stage, kind_of(vars(module)[bare]))(vars(module)[bare])
        except (Exception, SystemExit) as error:
            send("problem", _told(error))
            return
        send("found", (names, bare, kind_of(vars(module)[bare]) if bare else None))


def last_function(tree: ast.Module) -> str:
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    if not names:
        raise UsageError("it defines no function; write the variant as one, with the parameters of the stage")
    return names[-1]


def kind_of(function: Any) -> str:
    return "numba" if hasattr(function, "py_func") else "numpy"


def _told(error: BaseException) -> str:
    """An error of the user's code in one line, with the line it came from."""
    if isinstance(error, UsageError):
        return " ".join(str(error).split())
    if isinstance(error, SyntaxError):
        where, what = error.lineno, error.msg
    else:
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == f"<{MODULE}>"]
        where, what = lines[-1] if lines else None, str(error)
    text = f"{type(error).__name__}: {' '.join(what.split())}".rstrip(": ")
    return f"{text} (line {where})" if where else text
