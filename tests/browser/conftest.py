"""A real JupyterLab and a real browser, both started once for all tests of this folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator

import pytest

from tests.browser.chromium import Chromium, chromium, find_chromium
from tests.browser.jupyterlab import JupyterLab
from tests.browser.notebook import SCREENSHOTS, Notebook

OpenNotebook = Callable[[str], Notebook]


@pytest.fixture(scope="package")
def browser() -> Iterator[Chromium]:
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium on this machine; on Debian: apt-get install chromium")
    for stale in SCREENSHOTS.glob("failed-*.png"):
        stale.unlink()
    with chromium(program) as running:
        yield running


@pytest.fixture(scope="package")
def jupyterlab(browser: Chromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    lab = JupyterLab.start(tmp_path_factory.mktemp("jupyterlab"))
    try:
        yield lab
    finally:
        lab.stop()


@pytest.fixture
def open_notebook(browser: Chromium, jupyterlab: JupyterLab) -> Iterator[OpenNotebook]:
    """Open a notebook by its file name; its page is closed and its kernel ended after the test."""
    opened: list[Notebook] = []

    def open_(name: str) -> Notebook:
        opened.append(Notebook.open(browser, jupyterlab, name))
        return opened[-1]

    yield open_
    for notebook in opened:
        notebook.page.close()
    jupyterlab.end_kernels()


@pytest.fixture(autouse=True)
def no_faults(browser: Chromium) -> Iterator[None]:
    """No page asked another machine for anything, and none wrote an error to its console."""
    yield
    faults, browser.faults[:] = list(browser.faults), []
    assert faults == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """When a test fails, keep what the browser showed, and say where."""
    report = yield
    running = getattr(item, "funcargs", {}).get("browser")
    if report.failed and running is not None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for number, page in enumerate(running.context.pages):
            path = SCREENSHOTS / f"failed-{re.sub(r'[^a-z0-9_]+', '-', item.name.lower())}-{number}.png"
            page.screenshot(path=path, timeout=10_000)
            report.sections.append(("the browser showed", f"{path}\n{page.url}"))
    return report
