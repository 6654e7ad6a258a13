"""A notebook in JupyterLab's page, used as a person uses it: by what is written on things, and by what role they have."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import LONGEST_WAIT_MS, Chromium
from tests.browser.jupyterlab import PROJECT, JupyterLab

SCREENSHOTS = PROJECT / "build" / "screenshots"
Theme = Literal["Light", "Dark"]


class Notebook:
    """One notebook open in a page of its own, with a kernel of its own."""

    def __init__(self, page: Page, name: str) -> None:
        self.page, self.name = page, name

    @classmethod
    def open(cls, chromium: Chromium, lab: JupyterLab, name: str) -> Notebook:
        """Open ``name`` in a fresh workspace and wait until its kernel is there."""
        page = chromium.open_page()
        page.goto(f"{lab.address}/lab/workspaces/{id(page)}/tree/{name}?token={lab.token}")
        notebook = cls(page, name)
        notebook.await_idle()
        return notebook

    @property
    def cells(self) -> Locator:
        """All cells with their outputs."""
        return self.page.get_by_role("feed", name="Cells")

    def await_idle(self) -> None:
        """Wait until the kernel says that it has nothing to do."""
        expect(self.page.get_by_role("button", name=re.compile(r"\| Idle$"))).to_be_visible(timeout=LONGEST_WAIT_MS)

    def choose(self, menu: str, *path: str) -> None:
        """Choose from the menus: ``choose("Settings", "Theme", "JupyterLab Dark")``."""
        self.page.get_by_role("menuitem", name=menu, exact=True).click()
        for word in path[:-1]:  # what opens another menu has no role, and opens it when it is pointed at
            self.page.get_by_role("menu").get_by_text(word, exact=True).hover()
        self.page.get_by_role("menu").get_by_text(path[-1], exact=True).click()

    def run_through(self, text: str) -> None:
        """Run all cells down to the one with ``text`` in its source and wait until each has run; none may fail."""
        code = self.cells.get_by_label(re.compile("^Code Cell Content"))
        last = code.filter(has_text=text).first
        last.get_by_role("textbox").click()
        self.choose("Run", "Run All Above Selected Cell")
        self.choose("Run", "Run Selected Cell and Do not Advance")
        expect(last.get_by_text(re.compile(r"^\[\d+\]:$")).first).to_be_visible(timeout=LONGEST_WAIT_MS)
        self.await_idle()
        expect(self.cells.get_by_text("Traceback (most recent call last)")).to_have_count(0)

    def add_cell(self, source: str) -> None:
        """Type a new cell at the end and run it; does not wait for it."""
        cells = self.cells.get_by_label(re.compile("^Code Cell Content"))
        before = cells.count()
        self.page.get_by_role("button", name="Click to add a cell.").click()
        expect(cells).to_have_count(before + 1)
        cells.last.get_by_role("textbox").click()
        self.page.keyboard.insert_text(source)
        self.page.keyboard.press("Shift+Enter")

    def choose_theme(self, theme: Theme) -> None:
        self.choose("Settings", "Theme", f"JupyterLab {theme}")
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-name", f"JupyterLab {theme}")

    def picture(self, title: str, *, shown: Locator | None = None) -> Path:
        """Keep what the window shows, or ``shown`` alone, as build/screenshots/TITLE.png."""
        path = SCREENSHOTS / f"{title}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        (shown or self.page).screenshot(path=path, animations="disabled")
        return path
