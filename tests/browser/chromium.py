"""A headless Chromium that reaches this machine alone, and that remembers what its pages did wrong."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # no other machine has an address
)
HERE = "127.0.0.1"
LONGEST_WAIT_MS = 60_000  # of any condition, on a machine that is busy beside


def find_chromium() -> str | None:
    """The program to run, or None where this machine has none that we know by name."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass
class Chromium:
    """A browser whose pages share a cache; what went wrong in any of them since it was last asked is in ``faults``."""

    browser: Browser
    context: BrowserContext
    faults: list[str] = field(default_factory=list)

    def open_page(self, width: int = 1600, height: int = 1000) -> Page:
        page = self.context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.set_default_timeout(LONGEST_WAIT_MS)
        page.on("request", self._note_request)
        page.on("websocket", lambda socket: self._note_address(socket.url))
        page.on("console", self._note_message)
        page.on("pageerror", lambda error: self.faults.append(f"uncaught in the page: {error}"))
        return page

    def _note_request(self, request: Request) -> None:
        self._note_address(request.url)

    def _note_address(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("data", "blob", "about", "file") and parts.hostname != HERE:
            self.faults.append(f"a request to another machine: {address}")

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"an error in the console: {message.text} ({message.location.get('url', '')})")


@contextmanager
def chromium(program: str) -> Iterator[Chromium]:
    """Run ``program`` for as long as the block lasts.

    Playwright keeps an event loop running in this thread meanwhile: leave the block before a test that starts one of its own.
    """
    environment: dict[str, str | float | bool] = {
        name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(OPTIONS), env=environment)
        try:
            yield Chromium(browser, browser.new_context(permissions=["clipboard-read", "clipboard-write"]))
        finally:
            browser.close()
