"""A variant of the user's own, from an editor's text or a file: tried in a launch process before the kernel takes it up."""

from __future__ import annotations

import os
import re
import symtable
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np

from labkit.core.errors import UsageError, VariantFailed, one_line
from labkit.core.registry import module_of, registry
from labkit.measure.bench import LONGEST_BUDGET_S, make_settings
from labkit.measure.checking import failure
from labkit.measure.trial import TrialTask
from labkit.notebook.workbench.temporary import temporary_folder
from labkit.processes.fleet import Fleet
from labkit.processes.lock import MeasurementLock
from labkit.processes.parent import Limits

TRIAL_S = 20.0  # to run what stands outside of functions: imports, most of all


@dataclass(frozen=True)
class Own:
    """What was taken up: the names of its variants, the file that defines them (``as_it_is``: the user's own, unchanged),
    and the source that makes them anew."""

    names: tuple[str, ...]
    path: Path
    source: str
    as_it_is: bool


def take_up(stage: str, given: str | Path) -> Own:
    """Try a source (str) or a file (Path), and register what it defines as variants of the stage, in place of earlier ones.

    It may register them itself (``@lk.variant``); else its last function becomes one. A source finds the names of the
    notebook as a cell does: its imports, helpers and values as they are now. Waits for its turn.

    Raises UsageError, in one line, for what can't be read or run, or does not fit the stage; VariantFailed when it
    crashes or hangs.
    """
    path = Path(os.path.expanduser(given)).absolute() if isinstance(given, Path) else None
    source = _read(path) if path else str(given)
    notebook = {} if path else names_of_notebook(source)
    settings = make_settings(LONGEST_BUDGET_S, time_limit_s=TRIAL_S)
    rng = np.random.default_rng(settings.seed)
    with MeasurementLock(f"a try of your own variant of {stage}"), Fleet(settings.threads, rng, launchers=0) as fleet:
        earlier = tuple(module_of(file) for file in [*temporary_folder().glob("*.py"), *([path] if path else [])])
        task = TrialTask(stage, source, earlier, cloudpickle.dumps(notebook))
        outcome = fleet.clean.run(task, Limits(TRIAL_S, settings.memory_limit, watch_memory=True))
        if "problem" in outcome.found:
            raise UsageError(outcome.found["problem"])
        if outcome.ending != "done":
            raise VariantFailed(f"your code {failure(outcome, settings)[1]}")
        names, bare, kind = outcome.found["found"]
        if bare:
            source = f"{source.rstrip()}\n\nimport labkit as lk\n\nlk.variant({stage!r}, kind={kind!r})({bare})\n"
        if bare or path is None:
            path = temporary_folder() / f"{_file_name(stage)}-{names[0]}.py"
            path.write_text(source, encoding="utf-8")
        assert path is not None
        for file in temporary_folder().glob("*.py"):
            if file != path and any(_defines(file, stage, name) for name in names):
                registry.forget(file)
                file.unlink()
        try:
            registry.load(path, notebook)
        except UsageError as error:
            raise UsageError(str(error).replace(f"--load {path}: ", "")) from None
        return Own(tuple(names), path, source, as_it_is=path.parent != temporary_folder())


def names_of_notebook(source: str) -> dict[str, Any]:
    """What a source uses and leaves to the notebook that it is written in (``__main__``) to define.

    Raises UsageError for a value that can't be sent to another process.
    """
    try:
        module = symtable.symtable(source, "<yours>", "exec")
    except (SyntaxError, ValueError):
        return {}  # the try tells what is wrong with it
    tables, used = [module], set[str]()
    for table in tables:
        tables += table.get_children()
        top = table.get_type() == "module"
        used |= {s.get_name() for s in table.get_symbols() if s.is_referenced() and (top or s.is_global())}
    defined = {s.get_name() for s in module.get_symbols() if s.is_assigned() or s.is_imported()}
    notebook = vars(sys.modules["__main__"])
    names = {name: notebook[name] for name in sorted(used - defined) if name in notebook}
    for name, value in names.items():
        try:
            cloudpickle.dumps(value)
        except Exception as error:
            what = one_line(error)
            raise UsageError(f"your code uses {name}, which can't be sent to another process ({what})") from None
    return names


def _defines(path: Path, stage: str, name: str) -> bool:
    """Is the variant now registered the one of this file?"""
    known = registry.of(stage).get(name)
    return known is not None and known.origin.startswith(f"{module_of(path)}:")


def _file_name(stage: str) -> str:
    return re.sub(r"\W", "_", stage)


def _read(path: Path) -> str:
    if path.suffix != ".py":
        raise UsageError(f"{path} is no Python file; give one whose name ends in .py")
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}; give a Python file that holds a function") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not text in UTF-8; give a Python file") from None
