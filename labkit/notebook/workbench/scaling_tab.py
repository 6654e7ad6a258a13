"""The Scaling tab: how speed follows workers, tasks handed over at a time, or the size of the inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from labkit.measure.sweep.run import ENGINE
from labkit.notebook.workbench import pieces
from labkit.notebook.workbench.tab import Dashboard, Tab, arms_dropdown, offer

if TYPE_CHECKING:
    from labkit.notebook.workbench.job import Job

AXES = {"size of the inputs": "size", "workers": "workers", "tasks handed over at a time": "chunk"}
HINT = {
    "size": "The ticked variants over every size that the stage has a workload of; crossovers are marked.",
    "workers": "One variant with more and more workers; what more cores would bring is told as far as the points say it.",
    "chunk": "One variant with more and more tasks handed over at a time.",
}


class ScalingTab(Tab):
    title = "Scaling"

    def __init__(self, view: Dashboard) -> None:
        self.view = view
        self.over = widgets.Dropdown(
            description="Over", options=AXES, style={"description_width": "initial"}, layout={"width": "auto"}
        )
        self.variant = arms_dropdown("Variant")
        self.engine = arms_dropdown("Engine")
        self.start = widgets.Button(description="Run sweep", tooltip="Measure the whole curve")
        self.hint, self.found, self.code = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.box = self.laid_out([self.over, self.variant, self.engine, self.start], [self.hint, self.found, self.code])
        self.start.on_click(lambda _: self.run())
        self.over.observe(lambda _: self.axis_changed(), "value")
        self.variant.observe(lambda _: self._offer_engines(), "value")

    def run(self) -> None:
        over, more = self.over.value, dict[str, Any]()
        if over != "size":
            more = {"variant": self.variant.value, "engine": self.engine.value}
        budget = self.view.model.choice.budget_s
        self.view.start(self, lambda: self.view.model.sweep(over, budget_s=budget, **more))

    def choice_changed(self) -> None:
        offer(self.variant, [fact.name for fact in self.view.model.variants if fact.engines and not fact.unavailable])
        self._offer_engines()
        self.axis_changed()

    def axis_changed(self) -> None:
        """A sweep over size takes the ticked variants; the others one variant and an engine, the usual one first."""
        for widget in (self.variant, self.engine):
            widget.layout.display = "none" if self.over.value == "size" else "flex"
        if ENGINE.get(self.over.value) in self.engine.options:
            self.engine.value = ENGINE[self.over.value]
        self.hint.value = pieces.message(HINT[self.over.value])

    def _offer_engines(self) -> None:
        engines = next((f.engines for f in self.view.model.variants if f.name == self.variant.value), ())
        offer(self.engine, [engine for engine in engines if engine != "serial"])

    def enable(self, on: bool) -> None:
        self.start.disabled = not on

    def paint(self, job: Job) -> None:
        self.code.value = pieces.code(job.code, "this sweep")
        whole = f"<div class='lk-lines'>{job.result._repr_html_()}</div>" if job.result is not None else ""
        self.found.value = whole or pieces.message("No curve yet: it is drawn when it is whole.")
