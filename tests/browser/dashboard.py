"""The dashboard as its user sees it: what is written on its parts, and what they say."""

from __future__ import annotations

import re
from collections.abc import Sequence

from playwright.sync_api import Locator, expect

from tests.browser.chromium import LONGEST_WAIT_MS
from tests.browser.notebook import Notebook

TABS = ("Compare", "Lines", "Scaling", "Pictures", "History", "Your variant")


class Dashboard:
    """The one dashboard of an open notebook."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook, self.page, self.shown = notebook, notebook.page, notebook.cells
        self.run, self.stop = self.button("Run"), self.button("Stop")

    def button(self, name: str) -> Locator:
        """A button by all of its words; an icon of a font stands before them."""
        return self.shown.get_by_role("button", name=re.compile(rf"^\W*{name}$"))

    def field(self, name: str) -> Locator:
        return self.shown.get_by_label(name, exact=True)

    def variant(self, name: str) -> Locator:
        """The box to tick for a variant; its kind is written behind its name."""
        return self.shown.get_by_role("checkbox", name=re.compile(rf"^{name}\s"))

    def row(self, variant: str) -> Locator:
        """A variant's row in the table that is shown."""
        name = self.page.get_by_role("rowheader", name=re.compile(rf"^{variant}\b"))
        return self.shown.get_by_role("row").filter(has=name)

    def code(self, of: str) -> Locator:
        """The code that makes anew what is shown."""
        return self.shown.get_by_label(f"Code that reproduces {of}", exact=True)

    def tab(self, title: str) -> Locator:
        return self.shown.get_by_role("tab", name=title, exact=True)

    def turn_to(self, title: str) -> None:
        self.tab(title).click()
        expect(self.tab(title)).to_have_attribute("aria-selected", "true")

    def choose(self, stage: str, workload: str, variants: Sequence[str], budget_s: float) -> None:
        """Choose by hand. What is written into a field counts when the field is left."""
        self.field("Stage").select_option(stage)
        expect(self.shown.get_by_role("heading", name=re.compile(rf"\b{stage}:"))).to_be_visible()
        self.field("Workload").select_option(workload)
        self.button("None").click()
        expect(self.shown.get_by_role("checkbox", checked=True)).to_have_count(0)
        for name in variants:
            self.variant(name).check()
        self.field("Budget, s").fill(str(budget_s))
        self.field("Budget, s").press("Tab")

    def start(self, button: str = "Run") -> None:
        """Press a button that starts work, and wait until it has begun."""
        self.button(button).click()
        expect(self.stop).to_be_enabled()

    def await_end(self) -> None:
        """Wait until the work that has begun is over."""
        expect(self.run).to_be_enabled(timeout=LONGEST_WAIT_MS)

    def leave_idle(self) -> None:
        """Stop what still runs."""
        if self.stop.is_enabled():
            self.stop.click()
        self.await_end()
