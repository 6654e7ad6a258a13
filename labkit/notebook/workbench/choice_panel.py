"""What is compared on what: stage, workload with its thumbnail, baseline, budget, threads and variants, as native widgets."""

from __future__ import annotations

import threading
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from labkit.core.errors import UsageError
from labkit.notebook.workbench import pieces

if TYPE_CHECKING:
    from labkit.notebook.workbench.model import VariantFacts, Workbench, WorkloadFacts

LABEL = {"description_width": "5.2em"}
FULL = {"width": "auto", "margin": "0"}


class ChoicePanel:
    """The left side of the dashboard. ``chosen`` is called after every change that the model has taken."""

    def __init__(self, model: Workbench, chosen: Callable[[], None], lock: threading.RLock) -> None:
        self.model, self._chosen, self._lock = model, chosen, lock
        self._filling = False
        self._shown_for: tuple[str, str] | None = None
        self.stage = _dropdown("Stage")
        self.workload = _dropdown("Workload")
        self.baseline = _dropdown("Baseline")
        # without bounds of their own: the model refuses what is out of range, and says what would be right
        self.budget = widgets.FloatText(
            description="Budget, s", step=1, style=LABEL, layout=FULL, tooltip="measuring seconds"
        )
        self.threads = widgets.IntText(
            description="Threads", style=LABEL, layout=FULL, tooltip="how many a library may use"
        )
        self.pictures = widgets.Text(
            description="Pictures",
            placeholder="folder, or pics/*.png",
            continuous_update=False,
            tooltip="Pictures of your own: a file, a folder or a pattern; each becomes a workload of this stage",
            style=LABEL,
            layout=FULL,
        )
        self.upload = widgets.FileUpload(
            accept="image/*", multiple=True, description="Upload", tooltip="Pictures of your own, from this computer"
        )
        self.workload_facts, self.trouble = widgets.HTML(), widgets.HTML()
        self.all = _small("All", "Tick every variant that can run here")
        self.none = _small("None", "Tick no variant")
        self.variants = widgets.VBox()
        self.variants.add_class("lk-variants")
        self.engine = widgets.Combobox(
            description="Add",
            placeholder="variant@engine",
            ensure_option=False,
            continuous_update=False,
            tooltip="A variant under an engine, such as native@threads:2",
            style=LABEL,
            layout=FULL,
        )
        head = widgets.HBox([widgets.HTML("<h3>Variants</h3>"), self.all, self.none], layout={"margin": "0"})
        head.add_class("lk-head")
        what = widgets.VBox(
            [
                *(self.stage, self.workload, self.workload_facts, self.pictures, self.upload),
                *(self.baseline, self.budget, self.threads, self.trouble),
            ]
        )
        which = widgets.VBox([head, self.variants, self.engine])
        self.box = widgets.Box([what, which])
        self.box.add_class("lk-choice")
        self._fill()
        self.stage.observe(self._stage_changed, "value")
        for name, widget in (
            ("workload", self.workload),
            ("baseline", self.baseline),
            ("budget_s", self.budget),
            ("threads", self.threads),
        ):
            widget.observe(lambda change, name=name: self._choose(**{name: change["new"]}), "value")
        self.engine.observe(self._engine_added, "value")
        self.pictures.observe(self._pictures_named, "value")
        self.upload.observe(self._pictures_uploaded, "value")
        self.all.on_click(lambda _: self._tick(True))
        self.none.on_click(lambda _: self._tick(False))

    @property
    def ticked(self) -> tuple[str, ...]:
        """The variants that are ticked, in the order of the list."""
        return tuple(box.arm for box in self.variants.children if box.value)

    def refresh(self) -> None:
        """Show stages and variants that have come since, a notebook cell's for example."""
        with self._lock:
            self._fill()

    def _fill(self) -> None:
        """Everything as the model has it; the widgets' own changes are not told to the model meanwhile."""
        self._filling = True
        try:
            choice = self.model.choice
            _options(self.stage, list(self.model.stages), choice.stage)
            facts = self.model.variants
            _options(self.workload, [workload.name for workload in self.model.workloads], choice.workload)
            arms = list(dict.fromkeys([*(fact.name for fact in facts if not fact.unavailable), *choice.variants]))
            _options(self.baseline, arms, choice.baseline)
            self.budget.value, self.threads.value = choice.budget_s, choice.threads
            self._list_variants(facts, choice.variants)
            self.engine.options = [f"{fact.name}@{engine}" for fact in facts for engine in fact.engines]
        finally:
            self._filling = False
        self._tell_workload()

    def _list_variants(self, facts: list[VariantFacts], ticked: tuple[str, ...]) -> None:
        named = {fact.name for fact in facts}
        shown = {
            box.arm: box for box in self.variants.children if getattr(box, "stage", None) == self.model.choice.stage
        }
        boxes = []
        for fact in facts:
            boxes.append(shown.get(fact.name) or self._check_box(fact.name, fact.kind, fact.summary, fact.unavailable))
        for arm in [*(arm for arm in shown if arm not in named), *ticked]:
            if arm not in named and arm not in [box.arm for box in boxes]:
                kind = next((fact.kind for fact in facts if fact.name == arm.partition("@")[0]), "")
                boxes.append(shown.get(arm) or self._check_box(arm, kind, "", None))
        for box in boxes:
            box.value = box.arm in ticked
        self.variants.children = boxes

    def _check_box(self, arm: str, kind: str, summary: str, unavailable: str | None) -> widgets.Checkbox:
        box = widgets.Checkbox(
            description=f"{arm} · {f'unavailable: {unavailable}' if unavailable else kind}".rstrip(" ·"),
            indent=False,
            disabled=bool(unavailable) and arm not in self.model.choice.variants,
            tooltip=summary or arm,
            layout=FULL,
        )
        box.arm, box.stage = arm, self.model.choice.stage
        box.observe(self._ticked, "value")
        return box

    def _tick(self, every: bool) -> None:
        with self._lock:
            self._filling = True
            for box in self.variants.children:
                box.value = every and not box.disabled
            self._filling = False
        self._ticked(None)

    def _ticked(self, _: Any) -> None:
        if not self._filling:
            self._choose(variants=self.ticked)

    def _engine_added(self, change: dict[str, Any]) -> None:
        arm = change["new"].strip()
        if not arm or self._filling:
            return
        if self._choose(variants=tuple(dict.fromkeys([*self.model.choice.variants, arm]))):
            with self._lock:
                self._fill()
                self.engine.value = ""

    def _pictures_named(self, change: dict[str, Any]) -> None:
        place = change["new"].strip()
        if place and self._take(lambda: self.model.add_pictures(place)):
            self.pictures.value = ""

    def _pictures_uploaded(self, change: dict[str, Any]) -> None:
        files = {file["name"]: bytes(file["content"]) for file in change["new"]}
        if files:
            self._take(lambda: self.model.add_uploads(files))
            self.upload.value = ()

    def _take(self, bring: Callable[[], object]) -> bool:
        """Let the model take pictures of the user's own, and show the first; what it refuses is shown."""
        with self._lock:
            try:
                bring()
            except UsageError as error:
                self.trouble.value = pieces.message(str(error), trouble=True)
                return False
            self.trouble.value = ""
            self._fill()
        self._chosen()
        return True

    def _stage_changed(self, change: dict[str, Any]) -> None:
        if not self._filling and self._choose(stage=change["new"]):
            with self._lock:
                self._fill()

    def _choose(self, **changes: Any) -> bool:
        """Tell the model; what it refuses is shown and put back."""
        if self._filling:
            return False
        with self._lock:
            try:
                self.model.choose(**changes)
            except UsageError as error:
                self._fill()
                self.trouble.value = pieces.message(str(error), trouble=True)
                return False
            self.trouble.value = ""
            if "workload" in changes:
                self._tell_workload()
        self._chosen()
        return True

    def _tell_workload(self) -> None:
        """The workload's summary at once; its thumbnail and facts when a process has looked at it."""
        name, wanted = self.model.choice.workload, (self.model.choice.stage, self.model.choice.workload)
        if wanted == self._shown_for:
            return
        self._shown_for = wanted
        fact = self._fact(name)
        self.workload_facts.value = workload_html(fact, None) if fact else ""

        def poll() -> None:
            try:
                image = self.model.thumbnail(name)
            except UsageError:  # another stage was chosen meanwhile
                return
            with self._lock:
                if self._shown_for == wanted and (fact := self._fact(name)):
                    self.workload_facts.value = workload_html(fact, image)

        threading.Thread(target=poll, name="labkit-thumbnail", daemon=True).start()

    def _fact(self, workload: str) -> WorkloadFacts | None:
        return next((known for known in self.model.workloads if known.name == workload), None)


def workload_html(fact: WorkloadFacts, image: np.ndarray | None) -> str:
    """A workload in small: its picture, where it has one, and what is known of its inputs."""
    seen = "" if image is None else pieces.picture(image, f"thumbnail of the workload {fact.name}", "lk-thumbnail")
    return f"<div class='lk-workload'>{seen}<p>{escape(fact.summary)}</p>{pieces.facts(fact.facts)}</div>"


def _dropdown(name: str) -> widgets.Dropdown:
    return widgets.Dropdown(description=name, style=LABEL, layout=FULL)


def _small(name: str, meaning: str) -> widgets.Button:
    button = widgets.Button(description=name, tooltip=meaning, layout={"width": "auto", "margin": "0"})
    button.add_class("lk-small")
    return button


def _options(dropdown: widgets.Dropdown, options: list[str], value: str) -> None:
    if list(dropdown.options) != options:
        dropdown.options = options
    dropdown.value = value if value in options else None
