"""A notebook exported as HTML shows its tables and figures in a real browser without a network, and asks for nothing."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from labkit.cli.lab import SCRIPTS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CELLS = (
    "%matplotlib inline\n%load_ext labkit",
    "%labprofile main_colors faster --workload tiny --calls 2 --results {FOLDER}",
    "%labdiff main_colors naive faster --workload tiny --calls 2 --results {FOLDER}",
    "%labmemory main_colors faster --workload tiny --results {FOLDER}",
    "difference = %labdiff -o main_colors naive faster --workload tiny --calls 2 --results {FOLDER}\n"
    "difference.figure()",
    "%%labvariant main_colors --workloads tiny --budget 0.3 --results {FOLDER}\n"
    "from labkit.stages.main_colors.faster import faster\n"
    "def mine(image, n=6):\n"
    "    return faster(image, n)",
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cells, executed and exported as from the JupyterLab that ``labkit lab`` starts."""
    folder = tmp_path_factory.mktemp("export")
    cells = [new_code_cell(f"FOLDER = {str(folder)!r}"), *map(new_code_cell, CELLS)]
    nbformat.write(new_notebook(cells=cells), folder / "book.ipynb")
    options = [f"--HTMLExporter.{script}_url=" for script in SCRIPTS]
    words = [sys.executable, "-m", "nbconvert", "--to", "html", "--execute", *options, "book.ipynb"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder / "book.html"


@pytest.fixture(scope="module")
def shown(page: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page's document as a browser holds it that can reach no host, and its log."""
    if CHROMIUM is None:
        pytest.skip("needs chromium")
    profile = tmp_path_factory.mktemp("chromium")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", f"--user-data-dir={profile}"]
    offline = ["--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking"]
    words = [CHROMIUM, *options, *offline, "--dump-dom", page.as_uri()]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_tables_and_figures_are_there(shown: str) -> None:
    assert shown.count("<details") >= 2  # a function each
    for text in ("drop transparent", "same mark", "all lines", "at peak", "baseline", "mine"):
        assert text in shown
    assert "data:image/png;base64," in shown


def test_nothing_is_asked_of_the_network(shown: str) -> None:
    loaded = re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"(https?:[^\"]*)\"", shown)
    assert loaded == []


def test_each_output_is_text_as_well_as_html(page: Path) -> None:
    outputs = re.findall(r"jp-OutputArea-output[^>]*data-mime-type=\"([^\"]*)\"", page.read_text(encoding="utf-8"))
    assert outputs.count("text/html") == 5
    assert "application/vnd.jupyter.stderr" not in outputs
