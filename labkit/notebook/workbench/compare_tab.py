"""The Compare tab: the table, which fills while it is measured; where variants differ; the figure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from labkit.core.errors import UsageError
from labkit.measure.result import arm_of
from labkit.notebook.workbench import pieces
from labkit.notebook.workbench.compare_html import compare_html
from labkit.notebook.workbench.job import OVER, Job
from labkit.notebook.workbench.pictures_html import difference_html
from labkit.notebook.workbench.spelling import call, given
from labkit.notebook.workbench.tab import Dashboard, Tab
from labkit.reports.runs.grids import grids

if TYPE_CHECKING:
    from labkit.reports.shown import Shown


class CompareTab(Tab):
    title = "Compare"

    def __init__(self, view: Dashboard) -> None:
        self.view = view
        self.table, self.differences, self.figure, self.code, self.report = (widgets.HTML() for _ in range(5))
        self.table.value = pieces.message("The table fills while it is measured.")
        self.write = widgets.Button(
            description="Write report", tooltip="One HTML file for your team", layout={"display": "none"}
        )
        self.written = widgets.HTML()
        self._whole: Shown | None = None
        self.box = widgets.VBox(
            [self.table, self.differences, self.figure, self.code, self.report, self.write, self.written]
        )
        self.write.on_click(lambda _: self.write_report())

    def paint(self, job: Job) -> None:
        title, below = titled(job.result) if job.result else (job.what, [])
        running = job.state not in OVER
        self.table.value = compare_html(job.table, job.baseline, title, running=running, notes=below)
        self.code.value = pieces.code(job.code, "this comparison")
        drawn = "".join(difference_html(pictures) for pictures in job.differences)
        where = f"<div class='lk-differ'><h3>Where they differ from the reference</h3><div class='lk-plates'>{drawn}</div></div>"
        self.differences.value = where if drawn else ""
        whole = self._whole = None if running else job.result
        self.figure.value = figure_html(whole) if whole else ""
        self.report.value = report_html(whole, self.view.model.results) if whole else ""
        self.write.layout.display = "" if self.report.value else "none"
        self.written.value = ""

    def write_report(self) -> None:
        """Write the report of the comparison that is shown, as its code says."""
        if self._whole is None or not self.report.value:
            return
        self.written.value = pieces.message("Writes the report …")
        try:
            path = self.view.model.write_report(self._whole, report_file(self._whole))
        except UsageError as error:
            self.written.value = pieces.message(str(error), trouble=True)
        else:
            self.written.value = pieces.message(f"✓ The report is in {path}")


def titled(shown: Shown) -> tuple[str, list[str]]:
    """The title of a run's table, and what stands below it; why a variant has no time stands in its row already."""
    if not shown.document["tables"]:
        return "stopped before anything was tried", []
    part = grids(shown.document)[0]
    untimed = tuple(f"{arm_of(row)}: " for row in shown.document["rows"] if row["median_s"] is None)
    return part.title, [note for note in part.notes if not note.startswith(untimed)]


def report_html(shown: Shown, results: str | None) -> str:
    """The call that writes a report of a stored run beside the notebook; empty when it was not stored, or nothing was timed."""
    if shown.run is None or all(row["ratio"] is None for row in shown.document["rows"]):
        return ""
    written = call("report", shown.run.id, **given(to=report_file(shown), results=results))
    code = pieces.code(written, "a report of this comparison")
    return f"<div class='lk-report'><h3>A report for your team</h3>{code}</div>"


def report_file(shown: Shown) -> str:
    """The file for a report of a stored run: beside the notebook, and no other run's."""
    stage = re.sub(r"[^\w-]+", "_", shown.document["tables"][0]["stage"])
    return f"{stage}-{shown.run.id}.html" if shown.run else f"{stage}.html"


def figure_html(shown: Shown) -> str:
    """The figure that a report would hold, folded; empty when nothing was timed."""
    if all(row["ratio"] is None for row in shown.document["rows"]):
        return ""
    table: dict[str, Any] = shown.document["tables"][0]
    what = f"speed-ups of {table['stage']} on {table['workload']} over {table['baseline']}"
    return f"<details><summary>Figure</summary>{pieces.drawing(shown.figure(), what)}</details>"
