"""What C++ is compiled to for other machines computes the same: kernels on each path of instructions that this one has, and
each file with a binding of its own that asks for vectors, built once a machine.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pybind11
import pytest

import labkit
from labkit.core.simd import NEEDS, VARIABLE, available

HOME = Path(labkit.__file__).parent
MACHINES = {"without AVX": "-mno-avx -DLABKIT_PORTABLE", "AVX2": "-mno-avx512f"}
INCLUDE = [sysconfig.get_path("include"), np.get_include(), pybind11.get_include(), str(HOME)]


def asks_for_vectors(source: Path) -> bool:
    """Does the file, or a header that it includes by name, tell machines apart?"""
    text = source.read_text(encoding="utf-8")
    if "__AVX" in text:
        return True
    named = re.findall(r'^#include "(.*)"', text, re.MULTILINE)
    places = (folder / name for name in named for folder in (source.parent, HOME))
    return any(asks_for_vectors(place) for place in places if place.exists())


SOURCES = sorted(HOME.glob("stages/*/native.cpp"))
KERNELS = [path.parent.name for path in SOURCES if path.with_suffix(".py").exists()]
STAGES = [path.parent.name for path in SOURCES if path.parent.name not in KERNELS and asks_for_vectors(path)]
PAIRS = [(stage, machine) for stage in STAGES for machine in MACHINES]


def compiled(pair: tuple[str, str], folder: Path) -> Path:
    stage, machine = pair
    made = folder / f"{stage} {machine}" / "native.so"
    made.parent.mkdir()
    words = f"g++ -O1 -march=native {MACHINES[machine]} -std=c++17 -fopenmp -fPIC -shared".split()
    source = HOME / "stages" / stage / "native.cpp"
    subprocess.run(
        [*words, "-o", str(made), str(source), *(f"-I{one}" for one in INCLUDE)], check=True, capture_output=True
    )
    return made


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    folder = tmp_path_factory.mktemp("machines")
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(PAIRS, pool.map(lambda pair: compiled(pair, folder), PAIRS), strict=True))


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler on this machine")
@pytest.mark.parametrize(("stage", "machine"), PAIRS)
def test_it_computes_the_same(stage: str, machine: str, built: dict[tuple[str, str], Path]) -> None:
    if machine == "AVX2" and "avx2" not in Path("/proc/cpuinfo").read_text():
        pytest.skip("this machine has no AVX2")
    words = [sys.executable, "-m", "tests.conformance.other_machine", stage, str(built[stage, machine])]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.stdout.strip() == "same", done.stderr[-900:]


@pytest.mark.parametrize("path", [path for path in NEEDS if path != available()[0]])
@pytest.mark.parametrize("stage", KERNELS)
def test_a_kernel_computes_the_same_on_each_path(stage: str, path: str) -> None:
    if path not in available():
        pytest.skip(f"this processor has no {path}")
    words = [sys.executable, "-m", "tests.conformance.other_machine", stage]
    done = subprocess.run(words, capture_output=True, text=True, env=os.environ | {VARIABLE: path})
    assert done.stdout.strip() == "same", done.stderr[-900:]
