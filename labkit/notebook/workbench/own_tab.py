"""The tab for a variant of one's own: written here or in a file, checked as it is run, then one of the list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from labkit.core.registry import registry
from labkit.measure.result import arm_of
from labkit.notebook.workbench import pieces
from labkit.notebook.workbench.tab import Dashboard, Tab
from labkit.reports import words

if TYPE_CHECKING:
    from labkit.notebook.workbench.job import Job

HINT = (
    "Write a function with the stage's parameters, which may use what the notebook has imported and defined, or name a file "
    "that holds one. It is compared with the reference on the workload and on the stage's edge cases, and then stands in the "
    "list of variants. A function that a notebook cell decorates with @lk.variant stands there as soon as the cell has run."
)
TEMPLATE = '''import numpy as np


def mine({parameters}):
    """What is special about it."""
    raise NotImplementedError("write it here")
'''


class OwnTab(Tab):
    title = "Your variant"

    def __init__(self, view: Dashboard) -> None:
        self.view = view
        self._offered = ""
        layout, style = {"width": "auto"}, {"description_width": "5.2em"}
        self.source = widgets.Textarea(description="Function", rows=12, layout=layout, style=style)
        self.source.add_class("lk-source")
        self.path = widgets.Text(description="or a file", placeholder="my_variants.py", layout=layout, style=style)
        self.start = widgets.Button(description="Check my variant", tooltip="Run it and compare it with the reference")
        self.found, self.code = widgets.HTML(), widgets.HTML()
        self.box = self.laid_out([self.start], [self.found, self.code])
        self.box.children = (widgets.HTML(pieces.message(HINT)), self.source, self.path, *self.box.children)
        self.start.on_click(lambda _: self.run())

    def run(self) -> None:
        path = self.path.value.strip()
        given = Path(path) if path else self.source.value
        self.view.start(self, lambda: self.view.model.check_own(given))

    def choice_changed(self) -> None:
        """Offer a function with the stage's parameters, unless the user has begun to write."""
        template = TEMPLATE.format(parameters=parameters(self.view.model.choice.stage))
        if self.source.value in ("", self._offered):
            self.source.value = template
        self._offered = template

    def enable(self, on: bool) -> None:
        self.start.disabled = not on

    def paint(self, job: Job) -> None:
        if job.state != "done":
            self.found.value = self.code.value = ""
            return
        said = [sentence(row) for row in job.table if arm_of(row) != self.view.model.choice.baseline]
        self.found.value = "".join(pieces.message(text, trouble) for text, trouble in said)
        self.code.value = pieces.code(job.code, "this check")
        self.view.refresh()  # it stands in the list now


def parameters(stage: str) -> str:
    """The parameters that a variant of a stage takes, without their types."""
    bare = [p.replace(annotation=p.empty) for p in registry.stage(stage).signature.parameters.values()]
    return ", ".join(str(parameter) for parameter in bare)


def sentence(row: dict[str, Any]) -> tuple[str, bool]:
    """What the check of a variant found, and whether that is trouble."""
    if row["status"] == "measured":
        first, most = words.duration(row["first_call_s"]), words.size(row["peak_bytes"])
        return (
            f"✓ {arm_of(row)} agrees with the reference (first call {first}, peak memory {most}). Run compares it.",
            False,
        )
    return f"{arm_of(row)} {words.outcome(row['status'], words.reason(row))}", True
