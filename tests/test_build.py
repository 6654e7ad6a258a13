"""What is compiled is rebuilt when it is old, and only then; without a compiler everything else works."""

import ctypes
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
COMPILER = pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler on this machine")
MODULE = """#include <Python.h>
#include "{header}"
static struct PyModuleDef about = {{PyModuleDef_HEAD_INIT, "{name}", nullptr, -1, nullptr}};
PyMODINIT_FUNC PyInit_{name}() {{
  PyObject* made = PyModule_Create(&about);
  PyModule_AddIntConstant(made, "answer", ANSWER);
  return made;
}}
"""
LOOPS = """import cython


def answer() -> cython.int:
    return 1 if cython.compiled else 0
"""


PATHS = """#if defined(__AVX512VBMI__)
#define PATH 512
#elif defined(__AVX2__)
#define PATH 2
#else
#define PATH 0
#endif
extern "C" __attribute__((visibility("default"))) int path() { return PATH; }
"""
PLATFORM = {"baseline": 0, "avx2": 2, "avx512": 512} if platform.machine() == "x86_64" else {"baseline": 0}
EXTENSIONS = 4 + len(PLATFORM)  # one holds what all of Cython's share


def build(tree: Path, **environment: str) -> str:
    """Build in place; what that says."""
    words = [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"]
    done = subprocess.run(words, cwd=tree, env=os.environ | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package labkit with three stages, built."""
    tree = tmp_path_factory.mktemp("small")
    shutil.copy(ROOT / "setup.py", tree)
    for name, text in {
        "kinds/rows.hpp": '#pragma once\n#include "kinds/answer.hpp"\n',
        "kinds/answer.hpp": "#define ANSWER 1\n",
        "stages/one/own.hpp": "#define ANSWER 2\n",
        "stages/one/native.cpp": MODULE.format(name="native", header="kinds/rows.hpp"),
        "stages/one/other.cpp": MODULE.format(name="other", header="own.hpp"),
        "stages/two/loops.py": LOOPS,
        "stages/three/native.cpp": PATHS,
        "stages/three/native.py": "",
    }.items():
        file = tree / "labkit" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert f"labkit: builds all {EXTENSIONS} extensions" in build(tree)
    return tree


def answers(tree: Path) -> list[str]:
    code = (
        "from labkit.stages.one import native, other\n"
        "from labkit.stages.two import _loops_cython, loops\n"
        "print(native.answer, other.answer, _loops_cython.answer(), loops.answer())"
    )
    words = [sys.executable, "-c", code]
    environment = os.environ | {"PYTHONPATH": str(tree)}
    return subprocess.run(words, cwd=tree, env=environment, capture_output=True, text=True, check=True).stdout.split()


@COMPILER
def test_loops_are_compiled_beside_the_file_that_is_interpreted(small: Path) -> None:
    assert answers(small) == ["1", "2", "1", "0"]


@COMPILER
def test_each_path_of_instructions_gets_a_library_of_its_own(small: Path) -> None:
    """They are built side by side from one source."""
    (small / "labkit/stages/three/native.cpp").touch()
    build(small)
    for path, number in PLATFORM.items():
        (built,) = (small / "labkit/stages/three").glob(f"_native_{path}.*so")
        assert ctypes.CDLL(str(built)).path() == number


@COMPILER
@pytest.mark.parametrize(
    ("file", "text", "rebuilt"),
    [
        ("kinds/answer.hpp", "#define ANSWER 3\n", "labkit.stages.one.native"),
        ("stages/one/own.hpp", "#define ANSWER 3\n", "labkit.stages.one.other"),
        ("stages/two/loops.py", LOOPS.replace("1 if", "3 if"), "labkit.stages.two._loops_cython"),
    ],
    ids=["a header of a header", "a header beside it", "loops"],
)
def test_what_has_changed_is_rebuilt_and_nothing_else(small: Path, file: str, text: str, rebuilt: str) -> None:
    assert build(small) == ""
    (small / "labkit" / file).write_text(text)
    assert build(small) == f"labkit: builds {rebuilt}\n"
    assert "3" in answers(small)


@COMPILER
def test_what_can_not_be_built_any_more_is_not_there_as_it_was(small: Path) -> None:
    source, built = small / "labkit/stages/one/other.cpp", (small / "labkit/stages/one").glob("other*.so")
    text = source.read_text()
    source.write_text("a mistake")
    assert "a mistake" in build(small)
    assert list(built) == []
    source.write_text(text)
    build(small)
    assert answers(small)


@COMPILER
def test_loops_that_cython_refuses_cost_themselves_alone(small: Path) -> None:
    wrong, other = small / "labkit/stages/four/loops.py", small / "labkit/stages/one/other.cpp"
    wrong.parent.mkdir()
    wrong.write_text("import cython\n\n\ndef answer() -> cython.int:\n    return nowhere.to_be_found(\n")
    other.touch()
    assert "four/_loops_cython.py:6" in build(small)
    assert list((small / "labkit/stages/one").glob("other*.so"))
    assert list(wrong.parent.glob("*.so")) == []
    wrong.unlink()


def test_a_missing_compiler_is_told_once(small: Path) -> None:
    (small / "setup.py").touch()
    said = build(small, CC="no-such-gcc", CXX="no-such-g++")
    assert said == f"labkit: {EXTENSIONS} extensions are not built: there is no no-such-g++ and no no-such-gcc\n"


@pytest.fixture(scope="module")
def uncompiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source tree, built where every compiler fails."""
    tree = tmp_path_factory.mktemp("no compiler")
    shutil.copy(ROOT / "setup.py", tree)
    shutil.copytree(ROOT / "labkit", tree / "labkit", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    if (ROOT / "build" / "cython").exists():  # what Cython made needs no compiler, and is not made once more
        shutil.copytree(ROOT / "build" / "cython", tree / "build" / "cython")
    build(tree, CC="/bin/false", CXX="/bin/false")
    return tree


@pytest.fixture
def said(uncompiled: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """What the command prints when it runs from that tree."""
    monkeypatch.setenv("PYTHONPATH", str(uncompiled))
    monkeypatch.setenv("LABKIT_RESULTS", str(uncompiled / "results"))

    def say(*words: str) -> Any:
        command = [sys.executable, "-m", "labkit", *words]
        return json.loads(subprocess.run(command, cwd=uncompiled, capture_output=True, check=True).stdout)

    return say


@pytest.mark.parametrize(
    ("compiler", "why"),
    [
        (shlex.quote(sys.executable), "run make setup, or install its package again"),
        ("no-such-compiler", "there is no C/C++ compiler here (no-such-compiler); with one, run make setup"),
    ],
)
def test_compiled_variants_say_that_they_were_not_built(
    said: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, compiler: str, why: str
) -> None:
    monkeypatch.setenv("CC", compiler)
    monkeypatch.setenv("CXX", compiler)
    stages = {stage["name"]: stage for stage in said("list", "--json")["stages"]}
    reasons = {variant["name"]: variant["unavailable"] for variant in stages["main_colors"]["variants"]}
    for name, file in (
        ("native", "native.cpp"),
        ("cython_loop", "cython_loop.pyx"),
        ("cython_typed", "cython_typed.pyx"),
    ):
        assert reasons[name].startswith(f"{file} is not built: {why}")
    assert reasons["naive"] is None
    pipeline = {variant["name"]: variant["unavailable"] for variant in stages["main_colors_of_file"]["variants"]}
    assert pipeline["best"] is not None


def test_the_rest_is_measured_against_the_limit_all_the_same(said: Callable[..., Any]) -> None:
    words = ("bench", "main_colors", "--variants", "faster,native", "--workloads", "tiny", "--budget", "0.3", "--json")
    rows = {row["variant"]: row for row in said(*words)["rows"]}
    assert rows["native"]["status"] == "unavailable"
    assert rows["faster"]["status"] == "measured"
    assert rows["faster"]["limit_ratio"] > 0
