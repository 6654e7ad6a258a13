"""Rows in C++: refusals, bands of rows on any number of threads."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import numpy as np
import pybind11
import pytest
from threadpoolctl import threadpool_limits

import labkit
from labkit.core import BGR, SameShape
from labkit.core.registry import registry
from labkit.core.stage import define_stage

HOME = Path(labkit.__file__).parent
NATIVE = [name for name in ("native", "native_omp") if registry.variant("grey", name).unavailable() is None]
KERNEL = """
#include <stdexcept>
#include "kinds/rows.hpp"
void shifted(const labkit::Picture& in, const labkit::Rows& out, int by, double scale) {
    if (by < 0) throw std::invalid_argument("by is negative");
    for (std::size_t y = out.begin; y < out.end; y++)
        for (std::size_t i = 0; i < out.stride; i++) out.row(y)[i] = in.row(y)[i] * scale + by;
}
PYBIND11_MODULE(shifting, m) {
    labkit::rows(m, "shifted", labkit::Gives::same, shifted, "Shift.", py::arg("image"), py::arg("by"), py::arg("scale"));
}
"""


@pytest.mark.parametrize("name", NATIVE)
@pytest.mark.parametrize(
    "wrong", [np.zeros((3, 3, 3)), np.zeros((3, 8, 3), np.uint8)[:, ::2], np.zeros(3, np.uint8), [[1]]]
)
def test_what_no_kernel_could_read_is_refused_and_not_read(name: str, wrong: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="image is"):
        registry.variant("grey", name).function(wrong)  # type: ignore[misc]


@pytest.mark.skipif("native_omp" not in NATIVE, reason="not built")
@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_any_number_of_threads_gives_the_same(threads: int) -> None:
    draw = np.random.default_rng(threads)
    with threadpool_limits(threads, user_api="openmp"):
        for height, width in ((1, 2_000_000), (5, 400_001), (1700, 1300), (3, 3), (700, 1)):
            image = draw.integers(0, 256, (height, width, 3), np.uint8)
            expected = registry.variant("grey", "opencv").function(image)  # type: ignore[misc]
            assert np.array_equal(registry.variant("grey", "native_omp").function(image), expected)  # type: ignore[misc]


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler on this machine")
def test_a_kernel_of_ones_own_takes_parameters_and_its_error_comes_back(tmp_path: Path, own_registry: Any) -> None:
    def shifted(image: BGR, by: int = 1, scale: float = 1.0) -> SameShape:  # type: ignore[empty-body]
        """Shift."""

    own_registry.add_stage(define_stage(shifted, reference="native"), "here")
    (tmp_path / "shifting.cpp").write_text(KERNEL)
    include = [sysconfig.get_path("include"), np.get_include(), pybind11.get_include(), str(HOME)]
    words = (
        f"g++ -O1 -std=c++17 -fopenmp -fPIC -shared -o {tmp_path / 'shifting.so'} {tmp_path / 'shifting.cpp'}".split()
    )
    subprocess.run([*words, *(f"-I{folder}" for folder in include)], check=True, capture_output=True)
    spec = importlib.util.spec_from_file_location("shifting", tmp_path / "shifting.so")
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    image = np.random.default_rng(1).integers(0, 100, (1900, 1700, 3), np.uint8)
    for name in ("native", "native_omp"):
        function = own_registry.variant("shifted", name).function
        assert np.array_equal(function(image, 3, 2.0), image * 2 + 3)
        with pytest.raises(ValueError, match="by is negative"):
            function(image, -1, 1.0)
        assert own_registry.variant("shifted", name).parallel == (name == "native_omp")
