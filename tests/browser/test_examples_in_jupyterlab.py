"""Notebooks run in a real JupyterLab, and people see what they are meant to see."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenNotebook

pytestmark = pytest.mark.xdist_group("browser")


def test_the_quickstart_runs_and_shows_its_table(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook("quickstart.ipynb")
    notebook.run_all()
    table = notebook.cells.get_by_role("table").filter(has_text="speed-up [interval]")
    for variant, told in (("naive", "baseline"), ("native", "×")):  # the slower ones may be too slow on a busy machine
        cell = notebook.page.get_by_role("cell", name=variant, exact=True)
        expect(table.get_by_role("row").filter(has=cell)).to_contain_text(told)
    notebook.picture("quickstart")
