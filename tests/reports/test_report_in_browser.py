"""The report opened from disk in a real browser that reaches no network. Screenshots are kept in build/screenshots."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from labkit.core.registry import Registry
from labkit.measure.result import Row, Status
from labkit.reports.document.notebook import Exported
from labkit.reports.document.pdf import COMMANDS
from labkit.reports.document.report import Report
from tests.reports.documents import HOSTILE, TURNED, hostile_rows, report_of, stored

Make = Callable[..., Any]
Open = Callable[..., Page]
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
OPTIONS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
FASTEST_FIRST = ["fast", "near", "plain", "late@threads"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, COMMANDS)), None)
    if program is None:
        pytest.skip("no Chromium, Chrome or Edge on this machine; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=list(OPTIONS))
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Write a page to disk and open it there, offline; afterwards it must have asked for nothing and complained of nothing."""
    faults: list[str] = []

    def open_(report: Report, width: int = 1200, scheme: Any = "light", scripts: bool = True) -> Page:
        path = report.save(tmp_path / "a report 보고서.html")
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True, java_script_enabled=scripts
        )
        page = context.new_page()
        page.on("console", lambda message: faults.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: faults.append(f"uncaught: {error}"))
        page.on("dialog", lambda dialog: faults.append(f"a dialog: {dialog.message}"))
        page.on("request", lambda request: None if request.url == path.as_uri() else faults.append(request.url[:100]))
        page.goto(path.as_uri())
        return page

    yield open_
    for context in browser.contexts:
        context.close()
    assert [fault for fault in faults if not fault.startswith("data:image/")] == []


@pytest.fixture
def report(own_registry: Registry, tmp_path: Path, measurement_of: Make, measured: Make, baseline: Row) -> Report:
    rows = [baseline, measured("fast", 12.5, kind="native", peak_bytes=None), measured("near", 9.0)]
    rows.append(measured("late", 0.5, engine="threads", verdict="slower", peak_bytes=2**20))
    rows.append(Row("blur", "logo", "broken", "native", status=Status.CRASHED, reason="killed by SIGSEGV"))
    return report_of(stored(measurement_of(*rows), tmp_path / "results"))


@pytest.fixture
def wide(own_registry: Registry, tmp_path: Path, measurement_of: Make, measured: Make) -> Report:
    """As many arms as a stage has, with long names and figures, one of which needs a compiler, and some without a time."""
    baseline = measured("albumentations_streams", 1.0, 0.0, verdict=None)
    rows = [baseline, measured("rewritten_loop", 123.456, 0.001, kind="native", engine="shared_memory")]
    rows += [
        measured(f"numba_loop_number_{n}", 9.0 - n / 2, kind="library", engine="processes", peak_bytes=257 * 2**20)
        for n in range(12)
    ]
    rows += [
        Row("blur", "logo", f"broken_{n}", "native", status=Status.CRASHED, reason="killed by SIGSEGV in " + "a_b" * 20)
        for n in range(3)
    ]
    made = measurement_of(*rows)
    finding = {"lint": "neighbours", "level": "warning", "found": "they use 1.20 of 2 CPUs", "subject": "x"}
    made.doctor = [finding | {"title": "other programs", "why": "w " * 60, "way_out": "o " * 60}]
    return report_of(stored(made, tmp_path / "results"))


@pytest.mark.parametrize("width", [800, 1100, 1600])
def test_no_table_is_cut_off(open_page: Open, wide: Report, width: int) -> None:
    page = open_page(wide, width=width)
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    parts = "[...document.querySelectorAll('.scroll')]"
    cut = f"{parts}.filter(e => e.scrollWidth > e.clientWidth).map(e => [e.ariaLabel, e.scrollWidth, e.clientWidth])"
    assert page.evaluate(cut) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"report-{width}.png", full_page=True)


def test_a_table_that_is_wider_than_any_page_scrolls_inside_its_own_frame(
    own_registry: Registry, open_page: Open, tmp_path: Path, measurement_of: Make, measured: Make
) -> None:
    rows = [measured("plain", 1.0, 0.0, verdict=None, kind="k" * 200), measured("fast", 2.0, kind="l" * 200)]
    page = open_page(report_of(stored(measurement_of(*rows), tmp_path / "results")), width=800)
    assert page.evaluate("document.documentElement.scrollWidth") <= 800
    assert page.evaluate("getComputedStyle(document.querySelector('.workload .scroll')).overflowX") == "auto"


def test_in_print_a_figure_stays_with_its_table(open_page: Open, wide: Report) -> None:
    """The page is laid out in columns of a sheet's size, which are broken as sheets are."""
    page = open_page(wide)
    page.emulate_media(media="print")
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    page.set_viewport_size({"width": 700, "height": 900})
    for height in range(700, 1000, 60):
        page.evaluate(
            "height => Object.assign(document.body.style, {height: height + 'px', columns: '650px', columnFill: 'auto'})",
            height,
        )
        parted = page.evaluate(
            """[...document.querySelectorAll('figure + .scroll')].map(table => {
                const figure = table.previousElementSibling.getBoundingClientRect();
                return [figure.left, table.querySelector('tbody tr').getBoundingClientRect().left];
            }).filter(([figure, row]) => Math.abs(figure - row) > 100)"""
        )
        assert parted == []


def table(page: Page) -> Locator:
    return page.get_by_role("table", name="blur on logo")


def first_cells(page: Page) -> list[str]:
    return [row.get_by_role("cell").first.inner_text() for row in table(page).get_by_role("row").all()[1:]]


def test_it_tells_what_to_use_and_shows_the_rows(open_page: Open, report: Report) -> None:
    page = open_page(report)
    expect(page.get_by_role("heading", level=1)).to_have_text("Which variant to use: blur")
    expect(page.get_by_text("Use fast: 12.50× [12.38, 12.63] as fast as plain (10.0 ms → 0.800 ms).")).to_be_visible()
    assert first_cells(page) == FASTEST_FIRST
    expect(page.get_by_role("img", name="speed-ups of blur on logo")).to_be_visible()
    expect(page.get_by_role("cell", name="killed by SIGSEGV")).to_be_visible()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "report.png", full_page=True)


def test_a_click_sorts_and_another_turns_it_round(open_page: Open, report: Report) -> None:
    page = open_page(report)
    median = table(page).get_by_role("button", name="median")
    median.click()
    assert first_cells(page) == ["fast", "near", "plain", "late@threads"]
    expect(table(page).get_by_role("columnheader", name="median")).to_have_attribute("aria-sort", "ascending")
    median.click()
    assert first_cells(page) == ["late@threads", "plain", "near", "fast"]
    expect(table(page).get_by_role("columnheader", name="median")).to_have_attribute("aria-sort", "descending")


def test_it_sorts_by_the_keyboard_too_and_the_unknown_stays_last(open_page: Open, report: Report) -> None:
    page = open_page(report)
    memory = table(page).get_by_role("button", name="peak memory")
    for turn, first in (("ascending", "late@threads"), ("descending", "plain")):
        memory.focus()
        page.keyboard.press("Enter")
        expect(table(page).get_by_role("columnheader", name="peak memory")).to_have_attribute("aria-sort", turn)
        cells = first_cells(page)
        assert cells[0] in (first, "near")
        assert cells[-1] == "fast"


def test_without_scripts_everything_is_still_there(open_page: Open, report: Report) -> None:
    page = open_page(report, scripts=False)
    assert first_cells(page) == FASTEST_FIRST
    assert table(page).get_by_role("button").count() == 0


def test_a_dark_page_on_a_phone_is_no_wider_than_the_phone(open_page: Open, report: Report) -> None:
    page = open_page(report, width=390, scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(map(int, ground.removeprefix("rgb(").removesuffix(")").split(","))) < 150
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "report-phone-dark.png")


def test_printing_opens_what_is_folded(open_page: Open, report: Report) -> None:
    page = open_page(report)
    expect(page.get_by_text("Decided: the whole interval")).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.get_by_text("Decided: the whole interval")).to_be_visible()


def test_hostile_names_run_nothing(
    own_registry: Registry, open_page: Open, tmp_path: Path, measurement_of: Make, measured: Make
) -> None:
    run = stored(measurement_of(*hostile_rows(measured), machine={"cpu": HOSTILE + TURNED}), tmp_path / "results")
    page = open_page(report_of(run))
    expect(page.get_by_role("heading", level=1)).to_contain_text("<script>alert(1)</script>")
    assert page.evaluate("document.scripts.length") == 1
    assert page.evaluate("document.images.length") == 0


def test_a_script_that_came_in_all_the_same_would_not_run(open_page: Open, browser: Browser, tmp_path: Path) -> None:
    exported = Exported("A title", "a.ipynb", "<p>kept</p><script>document.title = 'ran'</script>")
    path = Report(exported).save(tmp_path / "a.html")
    page = browser.new_context(offline=True).new_page()
    page.goto(path.as_uri())
    expect(page.get_by_text("kept")).to_be_visible()
    expect(page).to_have_title("A title")
