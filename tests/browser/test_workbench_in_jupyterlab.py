"""The dashboard in a real JupyterLab: what its user does, and what is seen then."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import LONGEST_WAIT_MS, Chromium
from tests.browser.conftest import OpenNotebook
from tests.browser.dashboard import TABS, Dashboard
from tests.browser.jupyterlab import JupyterLab
from tests.browser.notebook import Notebook, Theme

WORKBENCH = "00_workbench.ipynb"
VARIANTS = ("naive", "faster", "native")
SHORT_S, LONG_S = 1, 50  # measuring seconds: soon over, and much longer than it takes to press Stop


@pytest.fixture(scope="module")
def opened(browser: Chromium, jupyterlab: JupyterLab) -> Iterator[Dashboard]:
    """The dashboard of the notebook for newcomers, once for all tests of this file."""
    notebook = Notebook.open(browser, jupyterlab, WORKBENCH)
    notebook.run_through("lk.workbench(")
    yield Dashboard(notebook)
    notebook.page.close()
    jupyterlab.end_kernels()


@pytest.fixture(scope="module")
def measured(opened: Dashboard) -> Dashboard:
    """The dashboard when a short comparison has been made in it."""
    opened.choose("main_colors", "logo", VARIANTS, SHORT_S)
    opened.start()
    opened.await_end()
    return opened


@pytest.fixture
def dashboard(measured: Dashboard) -> Iterator[Dashboard]:
    """The dashboard with nothing at work, before and after."""
    yield measured
    measured.leave_idle()
    measured.turn_to("Compare")


def test_a_comparison_fills_the_table_with_verdicts(dashboard: Dashboard) -> None:
    expect(dashboard.shown.get_by_text("✓ Done.")).to_be_visible()
    expect(dashboard.row("naive")).to_contain_text("baseline")
    for variant in VARIANTS[1:]:
        expect(dashboard.row(variant)).to_contain_text(re.compile("faster|slower|same|unresolved|too slow"))
    expect(dashboard.row("native")).to_contain_text("✓ agrees")
    expect(dashboard.row("native")).to_contain_text(re.compile(r"\d× \[\d.*, \d.*\]"))  # a ratio with its interval


def test_the_workload_is_pictured(dashboard: Dashboard) -> None:
    expect(dashboard.shown.get_by_role("img", name="thumbnail of the workload logo")).to_be_visible()


@pytest.mark.parametrize("width", [1000, 1600])
@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_it_fits_the_window_in_every_theme(dashboard: Dashboard, theme: Theme, width: int) -> None:
    page = dashboard.page
    page.set_viewport_size({"width": width, "height": 1200})
    dashboard.notebook.choose_theme(theme)
    dashboard.shown.get_by_role("heading", name="main_colors:").evaluate("heading => heading.scrollIntoView()")
    dashboard.notebook.picture(f"dashboard-{theme.lower()}-{width}")
    for part in (dashboard.run, dashboard.tab(TABS[-1]), dashboard.row("native"), dashboard.code("this comparison")):
        part.evaluate("part => part.scrollIntoView({block: 'center'})")
        expect(part).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 1600, "height": 1000})
    dashboard.notebook.choose_theme("Light")


def test_what_is_copied_as_code_gives_the_same_table_in_a_cell(dashboard: Dashboard) -> None:
    dashboard.button("Copy as code").first.click()
    expect(dashboard.button("Copied")).to_be_visible()
    copied = dashboard.page.evaluate("navigator.clipboard.readText()")
    assert "lk.bench('main_colors'" in copied
    dashboard.notebook.add_cell(copied)
    table = dashboard.shown.get_by_role("table").filter(has_text="set-up")  # the dashboard's own has no such column
    expect(table.get_by_role("cell", name="native", exact=True).first).to_be_visible(timeout=LONGEST_WAIT_MS)


def test_a_report_of_what_was_measured_opens_from_disk(
    dashboard: Dashboard, browser: Chromium, jupyterlab: JupyterLab
) -> None:
    dashboard.notebook.add_cell(dashboard.code("a report of this comparison").input_value())
    shown = dashboard.page.frame_locator("iframe").get_by_role("heading", name="Which variant to use")
    expect(shown).to_be_visible(timeout=LONGEST_WAIT_MS)
    page = browser.open_page()
    (written,) = jupyterlab.notebooks.glob("main_colors-*.html")
    page.goto(written.as_uri())
    expect(page.get_by_text("Use native")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="native").first).to_be_visible()
    page.close()


def test_every_tab_opens(dashboard: Dashboard) -> None:
    for title, told in {
        "Lines": dashboard.button("Profile lines"),
        "Scaling": dashboard.button("Run sweep"),
        "Pictures": dashboard.button("Show pictures"),
        "History": dashboard.row("native"),
        "Your variant": dashboard.field("Function"),
        "Compare": dashboard.row("native"),
    }.items():
        dashboard.turn_to(title)
        expect(told).to_be_visible()


def test_lines_show_where_the_time_goes(dashboard: Dashboard) -> None:
    dashboard.turn_to("Lines")
    dashboard.field("Lines of").select_option("naive")
    dashboard.start("Profile lines")
    dashboard.await_end()
    expect(dashboard.shown.get_by_role("row").filter(has_text="% ").first).to_be_visible()


def test_pictures_show_what_goes_in(dashboard: Dashboard) -> None:
    dashboard.turn_to("Pictures")
    dashboard.start("Show pictures")
    dashboard.await_end()
    expect(dashboard.shown.get_by_role("img", name="input")).to_be_visible()


def test_a_stopped_comparison_keeps_what_is_done(dashboard: Dashboard) -> None:
    dashboard.choose("main_colors", "logo", VARIANTS, LONG_S)
    dashboard.start()
    expect(dashboard.row("native")).to_contain_text("so far", timeout=LONGEST_WAIT_MS)  # the table fills meanwhile
    dashboard.stop.click()
    expect(dashboard.shown.get_by_text("■ Stopped")).to_be_visible()
    expect(dashboard.row("native")).to_contain_text("× ")
    expect(dashboard.run).to_be_enabled()


def test_the_kernel_answers_another_cell_while_it_measures(dashboard: Dashboard) -> None:
    dashboard.choose("main_colors", "logo", VARIANTS, LONG_S)
    dashboard.start()
    dashboard.notebook.add_cell("print('answer', 6 * 7)")
    expect(dashboard.shown.get_by_text("answer 42", exact=True)).to_be_visible()
    expect(dashboard.stop).to_be_enabled()


def test_a_variant_of_a_cell_stands_in_the_list(dashboard: Dashboard) -> None:
    dashboard.notebook.add_cell(
        "import labkit as lk\n@lk.variant('main_colors', kind='numpy')\ndef from_a_cell(image, n=6):\n    return None"
    )
    expect(dashboard.variant("from_a_cell")).to_be_visible()


def test_run_is_reached_and_pressed_by_keyboard(dashboard: Dashboard) -> None:
    dashboard.choose("main_colors", "logo", VARIANTS, LONG_S)
    dashboard.field("Stage").focus()
    for _ in range(40):
        dashboard.page.keyboard.press("Tab")
        if dashboard.run.evaluate("button => button === document.activeElement"):
            break
    expect(dashboard.run).to_be_focused()
    dashboard.page.keyboard.press("Enter")
    expect(dashboard.stop).to_be_enabled()


def test_two_dashboards_take_turns(dashboard: Dashboard, open_notebook: OpenNotebook) -> None:
    other = Dashboard(open_notebook(WORKBENCH))
    other.notebook.run_through("lk.workbench(")
    for one in (dashboard, other):
        one.choose("main_colors", "logo", VARIANTS, LONG_S)
        one.start()
    expect(other.shown.get_by_text("In the queue")).to_be_visible()
    dashboard.stop.click()
    expect(other.shown.get_by_text("In the queue")).to_be_hidden(timeout=LONGEST_WAIT_MS)
    expect(other.row("native")).to_contain_text("so far", timeout=LONGEST_WAIT_MS)
    other.leave_idle()
