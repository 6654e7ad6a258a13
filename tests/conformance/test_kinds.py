"""Each variant is what its kind says, and where a compiler is at hand all that is compiled is built."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

import labkit
from labkit.core import registry
from labkit.core.simd import NEEDS
from labkit.kinds.native import Compiled, library
from tests.conformance.trials import STAGES, missing, variants

HOME = Path(labkit.__file__).parent
LOOP = {"python": "Interpreted", "numba": "Numba", "cython": "Cython"}
SOURCES = sorted(path for pattern in ("*.c", "*.cpp", "*.pyx", "loops.py") for path in HOME.glob(f"stages/*/{pattern}"))


def module_of(stage: str, name: str) -> Any:
    return sys.modules[registry.variant(stage, name).origin.partition(":")[0]]


@pytest.mark.parametrize(("stage", "name"), variants(many=False))
def test_its_function_comes_from_its_own_kind(stage: str, name: str) -> None:
    """No compiled file takes the place of a source, no Numba function is a plain one, and what is called compiled is."""
    if (reason := missing(stage, name)) is not None:
        pytest.skip(reason)
    found = registry.variant(stage, name)
    file = Path(module_of(stage, name).__file__)
    if file.name == "loops.py":
        assert type(found.function).__name__ == LOOP[found.kind]
        return
    if isinstance(found.function, Compiled):
        assert found.kind == "native"
        return
    assert (file.suffix == ".so") == (found.kind in ("cython", "native"))
    if found.kind == "numba":
        held = [
            module_of(stage, name),
            *(one for one in vars(module_of(stage, name)).values() if hasattr(one, "__file__")),
        ]
        assert any("Dispatcher" in type(one).__name__ for module in held for one in vars(module).values())


@pytest.mark.skipif(
    shutil.which("gcc") is None or shutil.which("g++") is None, reason="no C/C++ compiler on this machine"
)
@pytest.mark.parametrize("source", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_where_a_compiler_is_at_hand_it_is_built_and_no_variant_is_missing(source: Path) -> None:
    if source.name == "opencv_api.cpp" and not any(Path("/usr").glob("lib*/**/pkgconfig/opencv4.pc")):
        pytest.skip("no opencv_api: no OpenCV for C++ on this machine")
    if source.with_suffix(".py").exists() and source.suffix == ".cpp":
        assert [path for path in NEEDS if not library(source, path).exists()] == [], "run make setup"
        return
    name = "_loops_cython" if source.name == "loops.py" else source.stem
    place = importlib.util.find_spec(f"labkit.stages.{source.parent.name}.{name}")
    assert place is not None, "run make setup"
    assert Path(place.origin or "").suffix == ".so", "run make setup"
    said = [
        reason
        for stage in STAGES
        for found in registry.of(stage).values()
        if found.kind in ("cython", "native") and "opencv_api" not in found.name
        if (reason := found.unavailable()) is not None
    ]
    assert said == []
