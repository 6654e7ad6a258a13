"""A dashboard on a stage that exists in the cells of a notebook alone, in a real JupyterLab."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import OpenNotebook
from tests.browser.dashboard import Dashboard

CELL = """
import numpy as np
import labkit as lk

GAIN = 3

def clip(values):
    return np.clip(values, 0, 255).astype(np.uint8)

@lk.stage(reference="plain", workloads=[lk.Workload("noise", lambda: (np.random.default_rng(1).integers(0, 255, (200, 300, 3), dtype=np.uint8),))])
def brighten(image):
    "The image, GAIN times as bright."

@lk.variant("brighten", kind="numpy")
def plain(image):
    return clip(image.astype(int) * GAIN)

@lk.variant("brighten", kind="numpy")
def quick(image):
    return clip(image.astype(np.uint16) * GAIN)

lk.workbench("brighten", budget=1)
"""  # noqa: E501


def test_it_is_compared_has_lines_and_takes_a_variant_that_uses_the_notebooks_helpers(
    open_notebook: OpenNotebook,
) -> None:
    notebook = open_notebook("quickstart.ipynb")
    notebook.add_cell(CELL)
    dashboard = Dashboard(notebook)
    dashboard.start()
    dashboard.await_end()
    expect(dashboard.row("quick")).to_contain_text("✓ agrees")
    dashboard.turn_to("Lines")
    dashboard.start("Profile lines")
    dashboard.await_end()
    expect(dashboard.shown.get_by_text("return clip(image.astype(int) * GAIN)").last).to_be_visible()
    dashboard.turn_to("Your variant")
    dashboard.field("Function").fill("def mine(image):\n    return clip(image.astype(np.int32) * GAIN)\n")
    dashboard.start("Check my variant")
    dashboard.await_end()
    expect(dashboard.shown.get_by_text("mine agrees with the reference")).to_be_visible()
    dashboard.field("Budget, s").fill("-1")
    dashboard.field("Budget, s").press("Tab")
    expect(dashboard.shown.get_by_text("give seconds above 0")).to_be_visible()
    notebook.picture("dashboard-notebook-only")
