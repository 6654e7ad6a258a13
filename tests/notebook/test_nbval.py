"""Strict nbval on a notebook of labkit: what holds no time is the same in every run."""

import subprocess
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

CELLS = {
    "import labkit as lk": [],
    "lk.check('main_colors', ['naive', 'faster'], ['tiny'])": [],
    "lk.pictures('main_colors', 'faster', 'tiny').status": [],
    "lk.bench('main_colors', ['naive', 'faster'], ['tiny'], budget=0.2)": ["nbval-ignore-output"],
}


def test_a_check_passes_as_it_was_stored_and_a_table_of_times_is_left_out_by_its_tag(tmp_path: Path) -> None:
    cells = [new_code_cell(source, metadata={"tags": tags}) for source, tags in CELLS.items()]
    lines = [new_code_cell(f"%env LABKIT_RESULTS={tmp_path}"), *cells]
    book = NotebookClient(new_notebook(cells=lines), timeout=300).execute()
    assert "agrees" in book.cells[2].outputs[0].data["text/plain"]
    nbformat.write(book, tmp_path / "book.ipynb")
    words = [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider", "book.ipynb"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
