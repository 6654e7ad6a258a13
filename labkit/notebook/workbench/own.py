"""A variant of the user's own, from an editor's text or a file: tried in a launch process before the kernel takes it up."""

from __future__ import annotations

import ast
import atexit
import re
import shutil
import sys
import tempfile
import threading
import traceback
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from labkit.core.errors import UsageError, VariantFailed
from labkit.core.registry import registry, variant
from labkit.measure.bench import LONGEST_BUDGET_S, make_settings
from labkit.measure.fleet import Fleet
from labkit.measure.parent import Limits
from labkit.measure.table import failure
from labkit.measure.turn import Turn

TRIAL_S = 20.0  # to run what stands outside of functions: imports, most of all
MODULE = "labkit_own"

_taking_up = threading.Lock()


@dataclass(frozen=True)
class Own:
    """What was taken up: the names of its variants, the file that defines them, and the source that makes them anew."""

    names: tuple[str, ...]
    path: Path
    source: str


@dataclass(frozen=True)
class TrialTask:
    """Run a source and see which variants of a stage it brings; what it defined before is forgotten, in this process only."""

    stage: str
    source: str
    path: str | None
    own_folder: str

    def run(self, held: Mapping[str, Any], send: Callable[[str, Any], None], mark: Callable[[int], None]) -> None:
        known = registry.variants.get(self.stage, {})
        for name, earlier in list(known.items()):
            file = getattr(sys.modules.get(earlier.origin.partition(":")[0]), "__file__", None)
            if file is not None and (file == self.path or Path(file).is_relative_to(self.own_folder)):
                del known[name]
        before = dict(known)
        module = types.ModuleType(MODULE)
        sys.modules[MODULE] = module
        try:
            tree = ast.parse(self.source)
            exec(compile(self.source, f"<{MODULE}>", "exec"), vars(module))
            names = [name for name, found in registry.of(self.stage).items() if found is not before.get(name)]
            bare = None
            if not names:
                names = [bare := last_function(tree)]
                variant(self.stage, kind_of(vars(module)[bare]))(vars(module)[bare])
        except (Exception, SystemExit) as error:
            send("problem", _told(error))
            return
        send("found", (names, bare, kind_of(vars(module)[bare]) if bare else None))


def take_up(stage: str, given: str | Path) -> Own:
    """Try a source (str) or a file (Path), and register what it defines as variants of the stage, in place of earlier ones.

    It may register them itself (``@lk.variant``); else its last function becomes one. Waits for its turn. Raises
    UsageError, in one line, for what can't be read or run, or does not fit the stage; VariantFailed when it crashes or hangs.
    """
    path = given.expanduser().absolute() if isinstance(given, Path) else None
    source = _read(path) if path else str(given)
    settings = make_settings(LONGEST_BUDGET_S, time_limit_s=TRIAL_S)
    rng = np.random.default_rng(settings.seed)
    with _taking_up, Turn(f"a try of your own variant of {stage}"), Fleet(settings.threads, rng, launchers=0) as fleet:
        task = TrialTask(stage, source, str(path) if path else None, str(_folder()))
        outcome = fleet.clean.run(task, Limits(TRIAL_S, settings.memory_limit, watch_memory=True))
        if "problem" in outcome.found:
            raise UsageError(outcome.found["problem"])
        if outcome.ending != "done":
            raise VariantFailed(f"your code {failure(outcome, settings)[1]}")
        names, bare, kind = outcome.found["found"]
        if bare:
            source = f"{source.rstrip()}\n\nimport labkit as lk\n\nlk.variant({stage!r}, kind={kind!r})({bare})\n"
        if bare or path is None:
            path = _folder() / f"{stage_folder(stage)}-{names[0]}.py"
            path.write_text(source, encoding="utf-8")
        assert path is not None
        try:
            registry.load(path)
        except UsageError as error:
            raise UsageError(str(error).replace(f"--load {path}: ", "")) from None
        return Own(tuple(names), path, source)


def last_function(tree: ast.Module) -> str:
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    if not names:
        raise UsageError("it defines no function; write the variant as one, with the parameters of the stage")
    return names[-1]


def kind_of(function: Any) -> str:
    return "numba" if hasattr(function, "py_func") else "numpy"


def stage_folder(stage: str) -> str:
    return re.sub(r"\W", "_", stage)


@cache
def _folder() -> Path:
    """Where sources that came without a file lie while this process lives."""
    folder = tempfile.mkdtemp(prefix="labkit-own-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _read(path: Path) -> str:
    if path.suffix != ".py":
        raise UsageError(f"{path} is no Python file; give one whose name ends in .py")
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}; give a Python file that holds a function") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not text in UTF-8; give a Python file") from None


def _told(error: BaseException) -> str:
    """An error of the user's code in one line, with the line it came from."""
    if isinstance(error, UsageError):
        return " ".join(str(error).split())
    if isinstance(error, SyntaxError):
        where, what = error.lineno, error.msg
    else:
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == f"<{MODULE}>"]
        where, what = lines[-1] if lines else None, str(error)
    told = f"{type(error).__name__}: {' '.join(what.split())}".rstrip(": ")
    return f"{told} (line {where})" if where else told
