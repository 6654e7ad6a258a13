"""``--load FILE.py``: a user's file is run, and what is wrong with it is said in one line."""

import sys
from pathlib import Path

import pytest

import labkit as lk
from labkit.core.errors import UsageError
from labkit.core.registry import Registry

FILE = """
import labkit as lk

@lk.stage(reference="plain", workloads=[lk.Workload("small", lambda: (1,))])
def square(x):
    "Squares."

@lk.variant("square", kind="python")
def plain(x):
    return {answer}
"""


@pytest.fixture
def file(tmp_path: Path, own_registry: Registry) -> Path:
    path = tmp_path / "stages" / "내 stages.py"
    path.parent.mkdir()
    path.write_text(FILE.format(answer="x * x"), encoding="utf-8")
    return path


def test_a_loaded_file_brings_its_stages_and_variants(file: Path, own_registry: Registry) -> None:
    lk.load(file)
    function = own_registry.variant("square", "plain").function
    assert function is not None
    assert function(3) == 9
    assert own_registry.brought == [file]


def test_measuring_processes_load_the_file_themselves(file: Path, own_registry: Registry) -> None:
    lk.load(file)
    assert own_registry.brought == [file]


def test_a_file_loaded_again_after_a_change_replaces_what_it_brought(file: Path, own_registry: Registry) -> None:
    lk.load(file)
    file.write_text(FILE.format(answer="x ** 2 + 1"))
    lk.load(str(file))
    function = own_registry.variant("square", "plain").function
    assert function is not None
    assert function(3) == 10
    assert own_registry.brought == [file]


def test_a_file_loaded_again_takes_back_what_it_no_longer_defines(file: Path, own_registry: Registry) -> None:
    variant = FILE.format(answer="x + x - x").split("\n\n")[-1].replace("def plain", "def other")
    file.write_text(FILE.format(answer="x * x") + "\n" + variant)
    lk.load(file)
    assert set(own_registry.of("square")) == {"plain", "other"}
    file.write_text(FILE.format(answer="x * x"))
    lk.load(file)
    assert set(own_registry.of("square")) == {"plain"}


def test_a_file_that_fails_when_loaded_again_leaves_what_it_brought_before(file: Path, own_registry: Registry) -> None:
    lk.load(file)
    file.write_text("1 / 0")
    with pytest.raises(UsageError, match="ZeroDivisionError"):
        lk.load(file)
    assert set(own_registry.of("square")) == {"plain"}
    assert own_registry.brought == [file]


def test_a_file_that_is_forgotten_leaves_nothing(file: Path, own_registry: Registry) -> None:
    lk.load(file)
    own_registry.forget(file)
    assert (own_registry.stages, own_registry.origins, own_registry.brought) == ({}, {}, [])
    assert own_registry.variants == {"square": {}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import a_module_nobody_has", "ModuleNotFoundError: No module named 'a_module_nobody_has'"),
        ("x = (", "SyntaxError: '(' was never closed"),
        ("raise ValueError('two\\nlines')", "ValueError: two"),
        ("import sys; sys.exit(0)", "SystemExit: 0"),
        (
            "import labkit as lk\n@lk.variant('nothing', kind='numpy')\ndef mine(x): ...",
            "variant mine: unknown stage 'nothing'; stages: none",
        ),
        (FILE + "\nlk.variant('square', kind='fast')(plain)", "variant plain: unknown kind 'fast'; kinds: python"),
        (
            FILE + "\n@lk.variant('square', kind='numpy')\ndef mine(y, z): ...",
            "variant mine takes (y, z), but stage square asks for square(x)",
        ),
    ],
)
def test_an_error_in_a_loaded_file_is_told_with_its_name(
    tmp_path: Path, own_registry: Registry, text: str, said: str
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        own_registry.load(path)
    assert str(error.value).startswith(f"--load {path}: {said}")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing.py", "no such file; give a Python file that defines stages or variants"),
        ("stages", "no such file"),
        ("notes.txt", "not a Python file (its name must end in .py)"),
    ],
)
def test_what_is_no_python_file_is_refused(file: Path, own_registry: Registry, name: str, said: str) -> None:
    (file.parent.parent / "notes.txt").write_text("")
    path = file.parent.parent / name
    with pytest.raises(UsageError) as error:
        own_registry.load(path)
    assert str(error.value).startswith(f"--load {path}: {said}")


def test_a_file_that_fails_half_way_leaves_nothing_behind(tmp_path: Path, own_registry: Registry) -> None:
    path = tmp_path / "mine.py"
    path.write_text(FILE.format(answer="x") + "\nraise RuntimeError('half-way')\n")
    before = set(sys.modules)
    with pytest.raises(UsageError, match="half-way"):
        own_registry.load(path)
    assert (own_registry.stages, own_registry.variants, own_registry.brought) == ({}, {}, [])
    assert set(sys.modules) == before


def test_files_of_one_name_in_two_folders_do_not_replace_each_other_unnoticed(
    tmp_path: Path, own_registry: Registry
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text(FILE.format(answer="x"))
    own_registry.load(tmp_path / "a" / "mine.py")
    with pytest.raises(UsageError, match="stage square exists already"):
        own_registry.load(tmp_path / "b" / "mine.py")


def test_what_comes_from_cells_and_files_reaches_measuring_processes_in_order(
    tmp_path: Path, own_registry: Registry
) -> None:
    lk.stage(reference="plain", workloads=[lk.Workload("w", tuple)])(cell_stage)
    path = tmp_path / "mine.py"
    path.write_text("import labkit as lk\n@lk.variant('cell_stage', kind='python')\ndef plain(x):\n    return x\n")
    lk.load(path)
    lk.variant("cell_stage", kind="python", name="later")(lambda x: x)
    assert [getattr(thing, "name", thing) for thing in own_registry.brought] == ["cell_stage", "mine.py", "later"]


def cell_stage(x: object) -> None:
    """A stage that a cell might define."""
