"""The History tab: this stage over the runs stored on this machine."""

from __future__ import annotations

import ipywidgets as widgets

from labkit.notebook.workbench import pieces
from labkit.notebook.workbench.history_html import history_html
from labkit.notebook.workbench.spelling import call, given
from labkit.notebook.workbench.tab import Dashboard, Tab


class HistoryTab(Tab):
    title = "History"

    def __init__(self, view: Dashboard) -> None:
        self.view = view
        self.again = widgets.Button(description="Read again", tooltip="Read the stored runs once more")
        self.found, self.code = widgets.HTML(), widgets.HTML()
        self.box = self.laid_out([self.again], [self.found, self.code])
        self.again.on_click(lambda _: self.show())

    def opened(self) -> None:
        self.show()

    def show(self) -> None:
        """Read the runs and draw them; called in the thread of the front end, or by the painter after a run."""
        stage, workload = self.view.model.choice.stage, self.view.model.choice.workload
        history = self.view.model.history(stage)
        with self.view.lock:
            self.found.value = history_html(history, workload)
            code = call("history", stage, **given(results=self.view.model.results))
            self.code.value = pieces.code(code, "this history")
