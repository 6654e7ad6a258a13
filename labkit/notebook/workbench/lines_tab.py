"""The Lines tab: which line of a variant takes how long, or two variants side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets

from labkit.notebook.workbench import pieces
from labkit.notebook.workbench.tab import Dashboard, Tab, arms_dropdown, fill_arms

if TYPE_CHECKING:
    from labkit.notebook.workbench.job import Job

ALONE = "(alone)"


class LinesTab(Tab):
    title = "Lines"

    def __init__(self, view: Dashboard) -> None:
        self.view = view
        self.variant, self.other = arms_dropdown("Lines of"), arms_dropdown("Beside")
        self.start = widgets.Button(description="Profile lines", tooltip="Record which line takes how long")
        self.found, self.code = widgets.HTML(), widgets.HTML()
        hint = (
            "Which line takes the time. Times are as recorded, so they tell shares; speed-ups come from Compare alone."
        )
        self.found.value = pieces.message(hint)
        self.box = self.laid_out([self.variant, self.other, self.start], [self.found, self.code])
        self.start.on_click(lambda _: self.run())

    def run(self) -> None:
        other = self.other.value if self.other.value != ALONE else None
        self.view.start(self, lambda: self.view.model.profile(self.variant.value, other))

    def choice_changed(self) -> None:
        fill_arms(self.variant, self.view.model)
        fill_arms(self.other, self.view.model, first=ALONE)

    def enable(self, on: bool) -> None:
        self.start.disabled = not on

    def paint(self, job: Job) -> None:
        self.code.value = pieces.code(job.code, "this profile")
        if job.state == "done" and job.result is not None:
            self.found.value = f"<div class='lk-lines'>{job.result._repr_html_()}</div>"
        else:
            self.found.value = pieces.message("No profile yet: it is shown when it is whole.")
