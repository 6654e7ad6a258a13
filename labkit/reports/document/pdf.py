"""A page printed as PDF, by a browser that is installed: Chromium, Chrome or Edge, without a window."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from labkit.core.errors import UsageError

COMMANDS = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    *("microsoft-edge", "microsoft-edge-stable", "msedge"),
)
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
FLAGS = (
    *("--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer", "--disable-extensions"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--proxy-server=127.0.0.1:9"),
)
TIME_LIMIT_S = 120.0


def browser() -> str:
    """The program that prints; raises UsageError when none is installed."""
    found = next((path for path in map(shutil.which, COMMANDS) if path), None)
    found = found or next((place for place in PLACES if Path(place).is_file()), None)
    if found is None:
        raise UsageError(
            "PDF is printed by Chromium, Chrome or Edge, and none is installed; install one, or take .html"
        )
    return found


def pdf(page: str) -> bytes:
    """The PDF of an HTML page, on the paper that its style names.

    Raises UsageError when no browser is installed, or when it does not print.
    """
    program = browser()
    with tempfile.TemporaryDirectory(prefix="labkit-report-") as folder:
        source, target = Path(folder, "report.html"), Path(folder, "report.pdf")
        source.write_text(page, encoding="utf-8")
        line = [program, *FLAGS, f"--user-data-dir={folder}/profile", f"--print-to-pdf={target}", source.as_uri()]
        if sys.platform == "linux" and os.geteuid() == 0:
            line.insert(1, "--no-sandbox")  # Chromium refuses to start for root with it
        try:
            done = subprocess.run(line, capture_output=True, text=True, errors="replace", timeout=TIME_LIMIT_S)
        except subprocess.TimeoutExpired:
            raise UsageError(f"{program} did not print within {TIME_LIMIT_S:.0f} s; take .html") from None
        if not target.is_file():
            said = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
            raise UsageError(f"{program} did not print: {said}; take .html")
        return target.read_bytes()
