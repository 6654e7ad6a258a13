"""The dashboard: its model is plain Python (``model``), its view native widgets (``view``)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labkit.notebook.workbench.model import Workbench
from labkit.notebook.workbench.view import WorkbenchView


def open_workbench(
    stage: str | None = None,
    variants: Sequence[str] | None = None,
    workload: str | None = None,
    *,
    baseline: str | None = None,
    budget: float | None = None,
    threads: int | None = None,
    results: str | Path | None = None,
) -> WorkbenchView:
    """A dashboard with a model of its own; see :func:`labkit.api.workbench`."""
    model = Workbench(stage, results=Path(results) if results else None)
    given: dict[str, Any] = {"workload": workload, "baseline": baseline, "budget_s": budget, "threads": threads}
    given["variants"] = variants if variants is None or isinstance(variants, str) else tuple(variants)
    model.choose(**{name: value for name, value in given.items() if value is not None})
    return WorkbenchView(model)
