"""What README.md and CONTRIBUTING.md tell people to type works as printed: every block, and every command in a sentence.

The Python blocks of a document are the cells of one notebook, in its order. Commands run one after the other in one folder
with a small budget; those that only name what they take (STAGE, [RUN]) have the options that they are said to have. Of ``make``
the plan is made.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import nbformat
import pytest
from markdown_it import MarkdownIt
from nbclient import NotebookClient
from typer.main import get_command

from labkit.cli import COMMANDS, commands
from tests.serve.conftest import Served

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md")
BUDGET_S = "0.1"
FEW = {"--workloads": "256", "--values": "1,2"}  # where a command names none
STANDS_FOR = {"BEFORE": "last", "AFTER": "last"}
QUICK = f"""
import inspect
import labkit as lk

def quick(call):
    def called(*given, **named):
        made = call(*given, **named | {{"budget": {BUDGET_S}}})
        for row in getattr(made, "document", {{}}).get("rows", ()):
            assert row["status"] in ("measured", "too_slow", "unavailable"), row
        return made
    return called

for name in lk.__all__:
    call = getattr(lk, name)
    if inspect.isfunction(call) and "budget" in inspect.signature(call).parameters:
        setattr(lk, name, quick(call))
"""


class Example(NamedTuple):
    """A fenced block, or code within a sentence: where it stands, in which language, and what it says."""

    document: str
    line: int
    language: str
    text: str


def examples(document: str) -> list[Example]:
    """All of a document; the language of commands is empty, that of code in a sentence ``inline``."""
    found = []
    for token in MarkdownIt("commonmark").enable("table").parse((ROOT / document).read_text(encoding="utf-8")):
        line = (token.map or [0])[0] + 1
        if token.type == "fence":
            found.append(Example(document, line, token.info, token.content))
        for part in token.children or ():
            if part.type == "code_inline" and part.content.startswith(("labkit ", "make ")):
                found.append(Example(document, line, "inline", part.content))
    return found


EXAMPLES = [example for document in DOCUMENTS for example in examples(document)]
PYTHON = [example for example in EXAMPLES if example.language == "python"]
LINES = [
    Example(one.document, one.line + k * (one.language != "inline"), one.language, text)
    for one in EXAMPLES
    if one.language in ("", "inline")
    for k, text in enumerate(one.text.splitlines(), start=one.language != "inline")
]
COMPLETE = [
    one
    for one in LINES
    if one.text.startswith("labkit ") and (not one.language or re.fullmatch(r"labkit \w[\w-]* [^A-Z\[]+", one.text))
]


def places(chosen: list[Example]) -> list[Any]:
    return [pytest.param(one, id=f"{one.document}:{one.line} {one.text.split('#')[0].strip()[:60]}") for one in chosen]


def test_every_block_is_of_a_sort_that_is_tried() -> None:
    assert {one.language for one in EXAMPLES} <= {"", "inline", "python", "yaml"}
    assert {one.text.split()[0] for one in LINES} <= {"labkit", "make"}
    assert PYTHON
    assert COMPLETE


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a reader types all this: labkit's data, photographs, pages, a notebook, and the files that blocks stand for."""
    made = tmp_path_factory.mktemp("reader")
    (made / "data").symlink_to(ROOT / "data")
    for name, file, width in (
        ("photos", "photo.jpg", 320),
        ("pages", "text-page.png", 240),
        ("pics", "photo.png", 320),
    ):
        (made / name).mkdir()
        image = cv2.imread(str(ROOT / "data" / file))
        size = (width, width * image.shape[0] // image.shape[1])
        assert cv2.imwrite(str(made / name / file), cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    (made / "notebooks").mkdir()
    for file in {name for one in LINES for name in re.findall(r"notebooks/\w+\.ipynb", one.text)}:
        assert (ROOT / file).is_file()
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("6 * 7")]), made / file)
    before = ""
    for one in EXAMPLES:
        for file in re.findall(r"--load (\S+\.py)|compare (\S+\.py):", one.text):
            (made / "".join(file)).write_text(definitions(before))
        if one.language == "yaml":
            (made / "steps.yaml").write_text(one.text)
        before = one.text if one.language == "python" else before
    return made


def definitions(text: str) -> str:
    """A block without what it measures: what somebody keeps of it in a file."""
    kept = ast.parse(text)
    kept.body = [statement for statement in kept.body if not isinstance(statement, ast.Expr)]
    return ast.unparse(kept)


@pytest.fixture(scope="module")
def cells(folder: Path) -> dict[Example, list[Any]]:
    """What came of each Python block: the outputs of its cell."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABKIT_RESULTS", str(folder / "results"))
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        found = {}
        for document in DOCUMENTS:
            blocks = [one for one in PYTHON if one.document == document]
            notebook = nbformat.v4.new_notebook(
                cells=[nbformat.v4.new_code_cell(text) for text in (QUICK, *(one.text for one in blocks))]
            )
            NotebookClient(
                notebook, timeout=300, allow_errors=True, resources={"metadata": {"path": str(folder)}}
            ).execute()
            found |= {one: cell.outputs for one, cell in zip(blocks, notebook.cells[1:], strict=True)}
    return found


@pytest.mark.parametrize("block", places(PYTHON))
def test_a_python_block_runs(block: Example, cells: dict[Example, list[Any]]) -> None:
    assert not ["\n".join(one.traceback) for one in cells[block] if one.output_type == "error"]


def takes(command: str) -> set[str]:
    """The options of a command."""
    (found,) = [one for name, one in get_command(commands([command])).commands.items() if name == command]
    return {option for parameter in found.params for option in parameter.opts}


@pytest.mark.parametrize("line", places([one for one in LINES if one.text.startswith("labkit ")]))
def test_a_command_and_its_options_exist(line: Example) -> None:
    command, *words = shlex.split(re.sub(r"[\[\]]|\.\.\.", "", line.text), comments=True)[1:]
    if command.startswith("-"):
        assert command in {option for parameter in get_command(commands([])).params for option in parameter.opts}
        return
    assert command in COMMANDS
    assert {word for word in words if word.startswith("-")} <= takes(command)


@pytest.mark.parametrize("line", places(COMPLETE))
def test_a_command_runs(line: Example, folder: Path, cells: dict[Example, list[Any]]) -> None:
    command, *words = [STANDS_FOR.get(word, word) for word in shlex.split(line.text, comments=True)[1:]]
    if "--budget" in takes(command):
        words += ["--budget", BUDGET_S]  # the last one counts
    few = FEW | ({"--variants": "chosen"} if "--chain" in words else {})
    words += [word for option in few.keys() & takes(command) - set(words) for word in (option, few[option])]
    if command == "serve":
        status, said = Served("-m", "labkit", command, *words, "--port", "0").end()
    else:
        done = subprocess.run(
            [sys.executable, "-m", "labkit", command, *words],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "LABKIT_RESULTS": str(folder / "results")},
            cwd=folder,
            capture_output=True,
            text=True,
        )
        status, said = done.returncode, done.stdout + done.stderr
    assert status == 0, said


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("line", places([one for one in LINES if one.text.startswith("make ")]))
def test_a_target_of_make_can_be_planned(line: Example) -> None:
    words = shlex.split(line.text, comments=True)[1:]
    done = subprocess.run(["make", "--dry-run", *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
