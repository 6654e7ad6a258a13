"""Notebooks are kept without outputs, except where a cell's output is checked."""

from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_only_checked_cells_keep_their_outputs(path):
    cells = nbformat.read(path, as_version=4).cells
    kept = [cell.id for cell in cells if cell.cell_type == "code" and (cell.outputs or cell.execution_count)]
    checked = [cell.id for cell in cells if "nbval-check-output" in cell.metadata.get("tags", [])]
    assert kept == checked


def test_there_are_notebooks():
    assert NOTEBOOKS
