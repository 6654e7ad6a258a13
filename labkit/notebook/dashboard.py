"""The dashboard as a call: ``lk.workbench(...)``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from labkit.api import name_lists
from labkit.core.errors import UsageError
from labkit.functions.stage import stage_of
from labkit.notebook.workbench.model import Workbench
from labkit.notebook.workbench.view import WorkbenchView


def workbench(
    stage: str | Callable[..., Any] | None = None,
    variants: Sequence[str] | Callable[..., Any] | None = None,
    workload: str | Callable[..., Any] | None = None,
    *functions: Callable[..., Any],
    on: Any = (),
    tolerance: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    prepare: Callable[[], Any] | None = None,
    in_place: bool = False,
    baseline: str | None = None,
    budget: float | None = None,
    threads: int | None = None,
    results: str | Path | None = None,
) -> WorkbenchView:
    """The dashboard for a notebook: choose, run, look; every picture tells the call that makes it anew.

    What is given is chosen to begin with, in the words of :func:`labkit.api.bench`; all of it can be changed by hand. In place
    of a stage it takes functions as they are, ``lk.workbench(old, new, on=picture)``, with ``on``, ``tolerance``, ``kwargs``,
    ``prepare`` and ``in_place`` as :func:`labkit.functions.compare.compare` has them.

    Raises
    ------
    UsageError : something does not exist, is out of range, or belongs to functions where a stage is named.
    """
    if callable(stage):
        given: list[Any] = [one for one in (stage, variants, workload, *functions) if one is not None]
        stage = stage_of(*given, on=on, tolerance=tolerance, kwargs=kwargs, prepare=prepare, in_place=in_place)
        chosen = workload = None
    else:
        if (
            functions
            or tolerance is not None
            or kwargs
            or prepare
            or in_place
            or not (isinstance(on, tuple) and not on)
        ):
            raise UsageError(
                "on, tolerance, kwargs, prepare and in_place are for functions; give these first, or a stage alone"
            )
        _, chosen, _ = name_lists(stages=[], variants=variants, workloads=None)
    model = Workbench(stage, results=Path(results) if results else None)
    wanted: dict[str, Any] = {"workload": workload, "baseline": baseline, "budget_s": budget, "threads": threads}
    wanted["variants"] = None if chosen is None else tuple(chosen)
    model.choose(**{name: value for name, value in wanted.items() if value is not None})
    return WorkbenchView(model)
