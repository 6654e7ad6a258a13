"""What stands in for the dashboard where widgets can't be shown: in an export, on a web page, in a plain terminal."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from labkit.reports.grid import Cell, Grid
from labkit.reports.html import table

if TYPE_CHECKING:
    from labkit.notebook.workbench.job import Job
    from labkit.notebook.workbench.model import Workbench

HINT = "The dashboard itself needs a running kernel: execute the cell in JupyterLab, Notebook 7 or VS Code."


def static_html(model: Workbench, job: Job | None) -> str:
    """What is chosen, and what the last job found: a table without script or style sheet; all from outside is escaped."""
    rows = [[Cell(name, tone="total"), Cell(value)] for name, value in chosen(model).items()]
    choice = table(Grid(("", ""), frozenset({0, 1}), rows, prose=frozenset({1})))
    found = ""
    if job is not None and job.result is not None:
        found = job.result._repr_html_()
    elif job is not None and job.error:
        found = f"<p>{escape(job.error)}</p>"
    return f"<h4>labkit workbench</h4>{choice}{found}<p><small>{escape(HINT)}</small></p>"


def static_text(model: Workbench, job: Job | None) -> str:
    """The same as plain text."""
    lines = ["labkit workbench", *(f"  {name}: {value}" for name, value in chosen(model).items())]
    if job is not None and job.result is not None:
        lines += ["", repr(job.result)]
    elif job is not None and job.error:
        lines += ["", job.error]
    return "\n".join(lines)


def chosen(model: Workbench) -> dict[str, str]:
    """The choice in words."""
    choice = model.choice
    return {
        "stage": choice.stage,
        "workload": choice.workload,
        "variants": ", ".join(choice.variants),
        "baseline": choice.baseline,
        "budget": f"{choice.budget_s:g} s",
        "threads": str(choice.threads),
    }
