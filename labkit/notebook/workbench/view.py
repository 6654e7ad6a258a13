"""The dashboard as native widgets: what to compare on the left, the work and what it found on the right."""

from __future__ import annotations

import threading
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
from IPython.core.getipython import get_ipython

from labkit.core.errors import UsageError
from labkit.notebook.workbench.choice_panel import ChoicePanel
from labkit.notebook.workbench.compare_tab import CompareTab
from labkit.notebook.workbench.history_tab import HistoryTab
from labkit.notebook.workbench.job import OVER, Job
from labkit.notebook.workbench.lines_tab import LinesTab
from labkit.notebook.workbench.own_tab import OwnTab
from labkit.notebook.workbench.painter import repaint_while_running
from labkit.notebook.workbench.pictures_tab import PicturesTab
from labkit.notebook.workbench.run_bar import RunBar
from labkit.notebook.workbench.scaling_tab import ScalingTab
from labkit.notebook.workbench.static import static_html, static_text
from labkit.notebook.workbench.style import ELEMENT
from labkit.notebook.workbench.tab import Tab

if TYPE_CHECKING:
    from labkit.notebook.workbench.model import Workbench


class WorkbenchView:
    """A dashboard over a model; shown by a notebook as widgets, and as a static table where widgets can't be shown.

    ``model`` is plain Python: what is chosen, and the work. ``job`` is what was last started here.
    """

    def __init__(self, model: Workbench) -> None:
        self.model = model
        self.lock = threading.RLock()  # whoever changes a widget holds it
        self.job: Job | None = None
        self._tab_of_job: Tab | None = None
        self.bar = RunBar()
        self.compare = CompareTab(self)
        self.tabs: list[Tab] = [
            self.compare,
            LinesTab(self),
            ScalingTab(self),
            PicturesTab(self),
            HistoryTab(self),
            OwnTab(self),
        ]
        self.pages = widgets.Tab([tab.box for tab in self.tabs], titles=[tab.title for tab in self.tabs])
        self._title = widgets.HTML()
        self.choice = ChoicePanel(model, self._choice_changed, self.lock)
        right = widgets.VBox([self.bar.box, self.pages])
        right.add_class("lk-work")
        body = widgets.Box([self.choice.box, right])
        body.add_class("lk-body")
        self.box = widgets.VBox([widgets.HTML(ELEMENT, layout={"display": "none"}), self._title, body])
        self.box.add_class("lk-root")
        self._choice_changed()
        self.bar.run.on_click(lambda _: self.start(self.compare, self.model.run))
        self.bar.stop.on_click(lambda _: self.stop())
        self.pages.observe(self._turned, "selected_index")
        self._shell = get_ipython()
        if self._shell is not None:
            self._shell.events.register("post_run_cell", self._cell_ran)

    def start(self, tab: Tab, make: Callable[[], Job]) -> None:
        """Begin a piece of work of a tab, and show how it goes there; what the model refuses is told in one line."""
        with self.lock:
            if self.job is not None and self.job.state not in OVER:
                return
            try:
                self.job = make()
            except UsageError as error:
                self.bar.tell(str(error), trouble=True)
                return
            self._tab_of_job = tab
            self.pages.selected_index = self.tabs.index(tab)
            self._paint()
            repaint_while_running(self.job, self._paint, self.lock)

    def stop(self) -> None:
        """Stop what runs; it ends within a second, and what is done stays."""
        if self.job is not None:
            self.job.stop()

    def refresh(self) -> None:
        """Offer variants that have come since, a cell's for example."""
        self.choice.refresh()
        self._choice_changed()

    def _cell_ran(self, _: object) -> None:
        self.refresh()

    def close(self) -> None:
        """Stop what runs and take the dashboard away."""
        if self._shell is not None:
            self._shell.events.unregister("post_run_cell", self._cell_ran)
            self._shell = None
        self.model.close()
        self.box.close()

    def _paint(self) -> None:
        if self.job is None or self._tab_of_job is None:
            return
        painted = None
        while painted != self.job.state:  # it may end while what it has found so far is drawn
            painted = self.job.state
            self._tab_of_job.paint(self.job)
        for tab in self.tabs:
            tab.enable(self.job.state in OVER)
        self.bar.paint(self.job)  # last: who reads that it is done finds it there

    def _choice_changed(self) -> None:
        stage = self.model.choice.stage
        with self.lock:
            about = f"<b>labkit</b><span>{escape(stage)}: {escape(self.model.summary)}</span>"
            self._title.value = f"<div class='lk-title' role='heading' aria-level='2'>{about}</div>"
            for tab in self.tabs:
                tab.choice_changed()

    def _turned(self, change: dict[str, Any]) -> None:
        self.tabs[change["new"]].opened()

    def __repr__(self) -> str:
        return static_text(self.model, self.job)

    def _repr_mimebundle_(self, **about: Any) -> dict[str, Any]:
        """The widgets, and beside them a table of what is known now for where there are none."""
        live = self.box._repr_mimebundle_() or {}
        return live | {"text/plain": repr(self), "text/html": static_html(self.model, self.job)}
