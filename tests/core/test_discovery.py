"""Discovery: to add a variant, add a file; to add a stage, add a folder. What can't be imported costs only itself."""

import os
import shlex
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from labkit.core.errors import UsageError
from labkit.core.registry import Registry
from labkit.processes.lock import MeasurementLock

MODULE = sys.modules["labkit.core.registry"]  # the package has its registry under the module's name
STAGE = """
import labkit as lk

@lk.stage(reference="plain", workloads=[lk.Workload("small", lambda: (1,))])
def {name}(x):
    "Squares."
"""
VARIANT = """
import labkit as lk

@lk.variant("{stage}", kind="python")
def {name}(x):
    return x * x
"""


@pytest.fixture
def imported_anew(tmp_path: Path) -> Iterator[None]:
    """What a test imports of its own files is forgotten after it; a library imported twice is not itself any more."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        module = sys.modules[name]
        places = [*getattr(module, "__path__", ()), getattr(module, "__file__", None) or "/"]
        if name.startswith("labkit.") or any(Path(place).is_relative_to(tmp_path) for place in places):
            del sys.modules[name]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, imported_anew: None) -> Path:
    """A package that is searched for stage folders, in the place of labkit.stages."""
    home = tmp_path / f"home_{os.urandom(4).hex()}"
    write(home / "__init__.py")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(MODULE, "HOMES", (home.name,))
    monkeypatch.setattr(MODULE, "entry_points", lambda group: [])
    return home


def write(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def square(home: Path) -> Path:
    """A stage folder with one variant."""
    write(home / "square" / "__init__.py", STAGE.format(name="square"))
    write(home / "square" / "plain.py", VARIANT.format(stage="square", name="plain"))
    return home / "square"


def reasons(registry: Registry, stage: str) -> dict[str, str | None]:
    return {name: variant.unavailable() for name, variant in registry.of(stage).items()}


def test_adding_a_folder_adds_a_stage(home: Path, square: Path, new_registry: Registry) -> None:
    write(home / "cube" / "__init__.py", STAGE.format(name="cube"))
    write(home / "no_stage.py", "raise RuntimeError('only folders are stages')")
    new_registry.discover()
    assert sorted(new_registry.stages) == ["cube", "square"]


def test_adding_a_file_adds_a_variant(square: Path, new_registry: Registry) -> None:
    write(square / "faster.py", VARIANT.format(stage="square", name="faster"))
    assert reasons(new_registry, "square") == {"plain": None, "faster": None}


@pytest.fixture
def squares(home: Path, square: Path, new_registry: Registry) -> Registry:
    """A registry that has imported one variant of a stage only; beside it the stage has another, and there is another stage."""
    write(square / "faster.py", VARIANT.format(stage="square", name="faster"))
    write(home / "cube" / "__init__.py", STAGE.format(name="cube"))
    new_registry.import_only({f"{home.name}.square.plain"})
    return new_registry


def test_what_is_wanted_alone_is_imported_alone(home: Path, squares: Registry) -> None:
    assert squares.variant("square", "plain").function(3) == 9
    assert not {f"{home.name}.square.faster", f"{home.name}.cube"} & sys.modules.keys()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (lambda known: sorted(known.of("square")), ["faster", "plain"]),
        (lambda known: known.variant("square", "faster").function(3), 9),
        (lambda known: known.stage("cube").name, "cube"),
    ],
)
def test_a_question_about_more_than_was_imported_is_answered_all_the_same(
    squares: Registry, question: Callable[[Registry], object], answer: object
) -> None:
    assert question(squares) == answer


def test_a_loaded_file_may_add_to_a_stage_that_was_not_imported(squares: Registry, tmp_path: Path) -> None:
    write(tmp_path / "own.py", VARIANT.format(stage="cube", name="own"))
    squares.load(tmp_path / "own.py")
    assert list(squares.of("cube")) == ["own"]


def test_a_loaded_file_finds_modules_beside_it_when_it_is_loaded_and_when_it_is_called(
    squares: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, imported_anew: None
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    write(tmp_path / "beside_early.py", "def times(x, y):\n    return x * y\n")
    write(tmp_path / "beside_late.py", "from beside_early import times\n")
    own = VARIANT.format(stage="cube", name="own")
    write(
        tmp_path / "own.py",
        "import beside_early\n" + own.replace("return x * x", "from beside_late import times; return times(x, x)"),
    )
    squares.load(tmp_path / "own.py")
    assert squares.variant("cube", "own").function(3) == 9


def test_a_file_that_can_not_be_loaded_leaves_no_folder_to_be_searched(
    squares: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = list(sys.path)
    monkeypatch.setattr(sys, "path", list(search))
    write(tmp_path / "own.py", "1 / 0")
    with pytest.raises(UsageError, match="ZeroDivisionError"):
        squares.load(tmp_path / "own.py")
    assert sys.path == search


@pytest.mark.parametrize(
    "call",
    [
        "lk.bench('square', ['plain'])",
        "lk.check('square')",
        "lk.profile('square', 'plain')",
        "lk.memory('square', 'plain')",
        "lk.pictures('square', 'plain')",
        "lk.doctor('square')",
    ],
)
def test_a_loaded_file_that_measures_at_its_top_level_is_told_what_to_do_before_anything_starts(
    squares: Registry, tmp_path: Path, call: str
) -> None:
    write(tmp_path / "own.py", f"import labkit as lk\n{call}\n")
    with pytest.raises(
        UsageError, match=r"own\.py: it measures while it is loaded; put such calls under: if __name__ =="
    ):
        squares.load(tmp_path / "own.py")
    with MeasurementLock("something else, later"):
        pass


def test_wanted_variants_come_from_their_own_modules(home: Path, square: Path, new_registry: Registry) -> None:
    write(square / "broken.py", "import a_module_nobody_has")
    assert new_registry.modules_of([("square", "plain"), ("square", "broken")]) == {
        f"{home.name}.square",
        f"{home.name}.square.plain",
    }


def test_a_pipeline_may_ask_for_any_stage() -> None:
    assert MODULE.registry.modules_of([("main_colors_of_file", "naive")]) is None


def test_discovered_stages_are_not_sent_to_measuring_processes(square: Path, new_registry: Registry) -> None:
    new_registry.discover()
    assert new_registry.brought == []


@pytest.mark.parametrize(
    ("file", "text", "kind", "reason"),
    [
        ("broken.py", "import a_module_nobody_has", "library", "No module named 'a_module_nobody_has'"),
        ("broken.py", "1 / 0", "library", "ZeroDivisionError: division by zero"),
        ("broken.py", "def (:", "library", "SyntaxError: invalid syntax"),
        ("broken.py", "raise OSError('libcuda.so: cannot open')", "library", "OSError: libcuda.so: cannot open"),
        ("broken.pyx", "", "cython", "broken.pyx is not built: run make setup, or install its package again"),
        ("broken.cpp", "", "native", "broken.cpp is not built: run make setup, or install its package again"),
        (
            "broken.so",
            "no shared object",
            "library",
            "broken.so: file too short",
        ),
    ],
)
def test_a_file_that_can_not_be_imported_costs_only_its_variant(
    square: Path,
    new_registry: Registry,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    text: str,
    kind: str,
    reason: str,
) -> None:
    for language in ("CC", "CXX"):
        monkeypatch.setenv(language, shlex.quote(sys.executable))  # a compiler is there, whatever machine this is
    write(square / file, text)
    found = reasons(new_registry, "square")
    assert found["plain"] is None
    assert reason in str(found["broken"])
    assert new_registry.variant("square", "broken").kind == kind


@pytest.mark.parametrize(("file", "language"), [("slow.pyx", "CC"), ("slow.c", "CC"), ("slow.cpp", "CXX")])
def test_what_no_compiler_could_build_is_told_apart_from_what_nobody_has_built(
    square: Path, new_registry: Registry, monkeypatch: pytest.MonkeyPatch, file: str, language: str
) -> None:
    other = {"CC": "CXX", "CXX": "CC"}[language]
    monkeypatch.setenv(other, shlex.quote(sys.executable))
    monkeypatch.setenv(language, "no-such-compiler -pthread")
    write(square / file, "")
    assert reasons(new_registry, "square")["slow"] == (
        f"{file} is not built: there is no C/C++ compiler here (no-such-compiler); with one, run make setup, "
        "or install its package again"
    )


def test_a_variant_defined_before_its_files_error_stays(square: Path, new_registry: Registry) -> None:
    write(square / "early.py", VARIANT.format(stage="square", name="early") + "\nimport a_module_nobody_has\n")
    assert reasons(new_registry, "square") == {"plain": None, "early": None}


@pytest.mark.parametrize("file", ["_shared.py", "tables.hpp", "notes.md"])
def test_other_files_in_the_folder_are_no_variants(square: Path, new_registry: Registry, file: str) -> None:
    write(square / file, "not even Python")
    assert list(new_registry.of("square")) == ["plain"]


def test_a_folder_that_can_not_be_imported_is_left_out_with_a_warning(
    home: Path, square: Path, new_registry: Registry
) -> None:
    write(home / "broken" / "__init__.py", "import a_module_nobody_has")
    with pytest.warns(
        UserWarning, match="broken is left out: ModuleNotFoundError: No module named 'a_module_nobody_has'"
    ):
        new_registry.discover()
    assert list(new_registry.stages) == ["square"]


def test_two_folders_with_one_stage_name_are_an_error_each_time_it_is_asked_for(
    home: Path, square: Path, new_registry: Registry
) -> None:
    write(home / "twin" / "__init__.py", STAGE.format(name="square"))
    for _ in range(2):
        with pytest.raises(UsageError, match=r"stage square exists already \(from .*square:square\); stages: square"):
            new_registry.stage("square")


@pytest.fixture
def package(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install a user's package: its folder and the metadata that pip would write."""
    monkeypatch.setattr(MODULE, "entry_points", entry_points)

    def install(name: str, target: str, files: dict[str, str]) -> None:
        for file, text in files.items():
            write(tmp_path / file, text)
        write(tmp_path / f"{name}-1.0.dist-info" / "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        write(tmp_path / f"{name}-1.0.dist-info" / "entry_points.txt", f"[labkit.stages]\nmine = {target}\n")

    return install


def test_an_entry_point_brings_a_users_stage_folder(package: Callable[..., None], new_registry: Registry) -> None:
    files = {
        "users_cubes/__init__.py": STAGE.format(name="cubes"),
        "users_cubes/plain.py": VARIANT.format(stage="cubes", name="plain"),
        "users_cubes/broken.py": "import a_module_nobody_has",
    }
    package("users-cubes", "users_cubes", files)
    assert reasons(new_registry, "cubes") == {"plain": None, "broken": "No module named 'a_module_nobody_has'"}


def test_an_entry_point_brings_a_users_module(
    package: Callable[..., None], square: Path, new_registry: Registry
) -> None:
    package("users-module", "users_module", {"users_module.py": VARIANT.format(stage="square", name="theirs")})
    assert list(new_registry.of("square")) == ["plain", "theirs"]


def test_a_users_package_that_can_not_be_imported_does_not_cost_the_rest(
    package: Callable[..., None], square: Path, new_registry: Registry
) -> None:
    package("users-broken", "users_broken", {"users_broken.py": "import a_module_nobody_has"})
    with pytest.warns(UserWarning, match="entry point mine = users_broken is left out: ModuleNotFoundError"):
        assert list(new_registry.of("square")) == ["plain"]
