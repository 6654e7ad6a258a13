"""The tutorials have one form, and the one that starts a server leaves none behind when it fails."""

from pathlib import Path

import nbformat
import psutil
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell

FOLDER = Path(__file__).parents[2] / "notebooks"
TUTORIALS = sorted(FOLDER.glob("0*.ipynb"))


def test_there_are_ten_tutorials() -> None:
    assert [path.stem.partition("_")[0] for path in TUTORIALS] == [f"{number:02}" for number in range(10)]


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_each_says_what_one_learns_can_be_set_and_ends_with_an_exercise(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert "**You will learn**" in cells[0].source
    (parameters,) = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    assert "RESULTS = " in parameters.source
    assert cells[-2].source.startswith("## Exercise")
    assert cells[-1].source.startswith("%%labvariant ")
    assert "{RESULTS}" in cells[-1].source.partition("\n")[0]


def test_when_the_tutorial_on_serving_fails_its_server_ends() -> None:
    book = nbformat.read(FOLDER / "07_serving.ipynb", as_version=4)
    start = next(number for number, cell in enumerate(book.cells) if "subprocess.Popen(" in cell.source)
    book.cells = [*book.cells[: start + 1], new_code_cell("print(server.pid)"), new_code_cell("1 / 0")]
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        NotebookClient(book, resources={"metadata": {"path": str(FOLDER)}}, timeout=600).execute()
    server = int(book.cells[-2].outputs[0].text)
    try:
        psutil.Process(server).wait(60)
    except psutil.NoSuchProcess:
        pass
    assert not psutil.pid_exists(server)
