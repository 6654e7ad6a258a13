"""The dashboard as a call: ``lk.workbench(...)``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labkit.api import name_lists
from labkit.notebook.workbench.model import Workbench
from labkit.notebook.workbench.view import WorkbenchView


def workbench(
    stage: str | None = None,
    variants: Sequence[str] | None = None,
    workload: str | None = None,
    *,
    baseline: str | None = None,
    budget: float | None = None,
    threads: int | None = None,
    results: str | Path | None = None,
) -> WorkbenchView:
    """The dashboard for a notebook: choose, run, look; every picture tells the call that makes it anew.

    What is given is chosen to begin with, in the words of :func:`labkit.api.bench`; all of it can be changed by hand. Raises
    UsageError for what does not exist or is out of range.
    """
    _, chosen, _ = name_lists(stages=[], variants=variants, workloads=None)
    model = Workbench(stage, results=Path(results) if results else None)
    given: dict[str, Any] = {"workload": workload, "baseline": baseline, "budget_s": budget, "threads": threads}
    given["variants"] = None if chosen is None else tuple(chosen)
    model.choose(**{name: value for name, value in given.items() if value is not None})
    return WorkbenchView(model)
