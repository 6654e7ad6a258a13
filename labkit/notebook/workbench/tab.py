"""What every tab of the dashboard has in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import ipywidgets as widgets

if TYPE_CHECKING:
    from threading import RLock

    from labkit.notebook.workbench.job import Job
    from labkit.notebook.workbench.model import Workbench


class Dashboard(Protocol):
    """What a tab needs of the dashboard that it stands in."""

    model: Workbench
    lock: RLock

    def start(self, tab: Tab, make: Callable[[], Job]) -> None: ...
    def refresh(self) -> None: ...


class Tab:
    """A page of the dashboard: its controls in a row, below them what was found and the call that finds it again.

    ``paint`` comes from the painter's thread: it changes nothing but HTML, pictures and what is enabled.
    """

    title: str
    box: widgets.Box

    def laid_out(self, controls: Sequence[widgets.Widget], found: Sequence[widgets.Widget]) -> widgets.Box:
        row = widgets.HBox(controls)
        row.add_class("lk-controls")
        return widgets.VBox([row, *found] if controls else found)

    def choice_changed(self) -> None:
        """Take over what can be chosen now; called in the thread of the front end."""

    def enable(self, on: bool) -> None:
        """Whether work can be started now: one piece of work at a time."""

    def opened(self) -> None:
        """The tab was turned to."""

    def paint(self, job: Job) -> None:
        """Show how far a job of this tab is, or what it found."""


def arms_dropdown(name: str) -> widgets.Dropdown:
    return widgets.Dropdown(description=name, style={"description_width": "initial"}, layout={"width": "auto"})


def fill_arms(dropdown: widgets.Dropdown, model: Workbench, first: str | None = None) -> None:
    """Offer the variants that can run here and the ticked arms; what was chosen stays so if it is still there."""
    able = [fact.name for fact in model.variants if not fact.unavailable]
    offer(dropdown, [*([first] if first else []), *dict.fromkeys([*able, *model.choice.variants])])


def offer(dropdown: widgets.Dropdown, options: list[str]) -> None:
    """Set the options of a dropdown; what was chosen stays so if it is among them, else the first is."""
    before = dropdown.value
    if list(dropdown.options) != options:
        dropdown.options = options
        dropdown.value = before if before in options else options[0] if options else None
