"""The Pictures tab: input, outputs and difference; a slider wipes from the variant's output to the reference's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from labkit.notebook.workbench import pieces
from labkit.notebook.workbench.pictures_html import difference_overlay, plate, sentence
from labkit.notebook.workbench.tab import Dashboard, Tab, arms_dropdown, fill_arms

if TYPE_CHECKING:
    from labkit.measure.pictured import Pictures
    from labkit.notebook.workbench.job import Job

WIDEST, NARROWEST = 620, 320  # CSS pixels of the wiped picture
LABEL = "9.5em"


class PicturesTab(Tab):
    title = "Pictures"

    def __init__(self, view: Dashboard) -> None:
        self.view = view
        self.variant = arms_dropdown("Output of")
        self.start = widgets.Button(description="Show pictures", tooltip="Run it once and look at it")
        self.said = widgets.HTML(
            pieces.message("What goes in, what comes out, and where it is not what the reference gives.")
        )
        self.plates, self.code = widgets.HTML(), widgets.HTML()
        self.wipe = widgets.IntSlider(
            description="Variant | reference",
            value=50,
            readout=False,
            style={"description_width": LABEL},
            layout={"max_width": "100%"},
        )
        self.under, self.over = widgets.HTML(), widgets.HTML()
        self.front = widgets.Box([self.over], layout={"width": "50%"})
        self.front.add_class("lk-over")
        stack = widgets.Box([self.under, self.front])
        stack.add_class("lk-wipe")
        self.compared = widgets.VBox([self.wipe, stack], layout={"display": "none"})
        self.box = self.laid_out([self.variant, self.start], [self.said, self.compared, self.plates, self.code])
        self.start.on_click(lambda _: self.run())
        self.wipe.observe(self._wiped, "value")

    def run(self) -> None:
        self.view.start(self, lambda: self.view.model.pictures(self.variant.value))

    def choice_changed(self) -> None:
        before, choice = self.variant.value, self.view.model.choice
        fill_arms(self.variant, self.view.model)
        if self.variant.value != before:  # what is compared with itself has nothing to show
            self.variant.value = next((arm for arm in choice.variants if arm != choice.baseline), self.variant.value)

    def enable(self, on: bool) -> None:
        self.start.disabled = not on

    def paint(self, job: Job) -> None:
        self.code.value = pieces.code(job.code, "these pictures")
        if job.state == "done" and job.result is not None:
            self.show(job.result)

    def show(self, found: Pictures) -> None:
        """Put the pictures on the page; those of outputs into the wipe where both sides have one."""
        self.said.value = pieces.message(
            f"{found.variant} on {found.workload}: {sentence(found)}", found.status != "measured"
        )
        both = self._stacked(found)
        self.compared.layout.display = "flex" if both else "none"
        differs = found.status != "measured"
        overlay, caption = None, ""
        if found.difference is not None:
            overlay = difference_overlay(found.reference, found.difference, differs)
            marked = "marked where they differ" if differs else "within the tolerance, the stronger the larger"
            caption = f"difference: {marked if found.difference.any() else 'none, element by element'}"
        shown = [
            plate(found.input, "input"),
            plate(None if both else found.reference, "the reference's output"),
            plate(None if both else found.output, f"output of {found.variant}"),
            plate(overlay, caption),
        ]
        none = pieces.message("Neither input nor output of this stage can be pictured.")
        self.plates.value = f"<div class='lk-plates'>{''.join(shown)}</div>" if any(shown) or both else none

    def _stacked(self, found: Pictures) -> bool:
        """Lay the variant's output over the reference's; False where one of them is no picture."""
        if found.output is None or found.reference is None:
            return False
        width = min(WIDEST, max(found.output.shape[1], NARROWEST))
        self.wipe.layout.width = f"calc({width}px + {LABEL})"  # the handle runs along with the edge
        for place, image, what in (
            (self.under, found.reference, "output of the reference"),
            (self.over, found.output, f"output of {found.variant}"),
        ):
            place.value = f"<div style='width:{width}px'>{pieces.picture(image, what, 'lk-layer')}</div>"
        return True

    def _wiped(self, change: dict[str, Any]) -> None:
        self.front.layout.width = f"{change['new']}%"
