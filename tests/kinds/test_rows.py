"""Kernels in C++: refusals, parameters, bands of rows on any number of threads, paths of instructions."""

from __future__ import annotations

import pickle
import shutil
import subprocess
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import labkit
from labkit.core import BGR, Grey, OneOf, SameShape, Shaped, UsageError, Workload
from labkit.core.registry import registry
from labkit.core.simd import NEEDS, available, simd
from labkit.core.stage import define_stage
from labkit.kinds.native import library

HOME = Path(labkit.__file__).parent
NATIVE = [name for name in ("native", "native_omp") if registry.variant("grey", name).unavailable() is None]
KERNELS = """
#include <stdexcept>
#include "kinds/rows.hpp"
LABKIT_KERNEL(shifted)(const labkit::Inputs& in, const labkit::Rows& out) {
    if (in.parameter(0) < 0) throw std::invalid_argument("by is negative");
    for (std::size_t y = out.begin; y < out.end; y++)
        for (std::size_t i = 0; i < out.stride; i++)
            out.row(y)[i] = in.image().row(y)[i] * in.parameter<double>(1) + in.parameter(0);
}
LABKIT_KERNEL(halves)(const labkit::Inputs& in, const labkit::Rows& out) {
    for (std::size_t y = out.begin; y < out.end; y++)
        for (std::size_t x = 0; x < out.width; x++)
            out.row_of<float>(y)[x] = in.image(1).row(y)[x] / 2.0f + in.parameter(0) + 100 * out.threads;
}
"""


def build(folder: Path) -> None:
    """The library of KERNELS as the build makes it, for the path that is taken."""
    (folder / "native.cpp").write_text(KERNELS)
    made = library(folder / "native.cpp", simd())
    words = ["g++", "-O1", "-std=c++17", "-fPIC", "-shared", f"-I{HOME}", "-o", str(made), str(folder / "native.cpp")]
    subprocess.run(words, check=True, capture_output=True)


def declare(folder: Path, call: str) -> None:
    """What a native.py beside it says."""
    names = {"__file__": str(folder / "native.py"), "__name__": "tests.native"}
    exec(f"from labkit.kinds import native\n{call}", names)


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
    build(tmp_path)
    declare(tmp_path, "native('shifted', 'Shift.')")
    image = np.random.default_rng(1).integers(0, 100, (1900, 1700, 3), np.uint8)
    for name in ("native", "native_omp"):
        found = own_registry.variant("shifted", name)
        assert np.array_equal(found.function(image, 3, 2.0), image * 2 + 3)
        assert np.array_equal(pickle.loads(pickle.dumps(found.function))(image, scale=2.0), image * 2 + 1)
        with pytest.raises(ValueError, match="by is negative"):
            found.function(image, -1, 1.0)
        with pytest.raises(TypeError):
            found.function(image, "3", 1.0)
        assert found.parallel == (name == "native_omp")


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler on this machine")
@pytest.mark.parametrize("whole", [True, False])
def test_a_kernel_takes_several_arrays_and_words_and_fills_what_the_contract_says(
    tmp_path: Path, own_registry: Any, whole: bool
) -> None:
    def halved(  # type: ignore[empty-body]
        image: BGR, mask: Grey, mode: Annotated[str, OneOf(("none", "one"))] = "none"
    ) -> Annotated[np.ndarray, Shaped(lambda image, mask, mode: mask.shape, "float32")]:
        """Halve."""

    own_registry.add_stage(
        define_stage(halved, reference="native", workloads=[Workload("none", tuple, "none")]), "here"
    )
    build(tmp_path)
    declare(tmp_path, f"native('halved', 'Halve.', 'halves', worth=1, whole={whole})")
    image = np.random.default_rng(2).integers(0, 256, (40, 30, 3), np.uint8)
    mask = np.ascontiguousarray(image[..., 1])
    with threadpool_limits(2, user_api="openmp"):
        for name, threads in (("native", 1), ("native_omp", 2 if whole else 1)):
            made = own_registry.variant("halved", name).function(image, mask, "one")
            assert made.dtype == np.float32
            assert np.array_equal(made, mask / 2 + 1 + 100 * threads)


def test_the_path_of_instructions_can_be_forced_and_a_wrong_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for path in available():
        monkeypatch.setenv("LABKIT_SIMD", path)
        assert simd() == path
    monkeypatch.setenv("LABKIT_SIMD", "mmx")
    with pytest.raises(UsageError, match=r"LABKIT_SIMD is 'mmx'; give one of: avx512, avx2, baseline"):
        simd()
    monkeypatch.setattr("labkit.core.simd.available", lambda: ("baseline",))
    monkeypatch.setenv("LABKIT_SIMD", "avx2")
    with pytest.raises(UsageError, match=r"which this processor has not; give one of: baseline"):
        simd()


@pytest.mark.parametrize(
    ("flags", "paths"),
    [
        ("fpu sse4_2", ("baseline",)),
        ("sse4_2 avx2 fma bmi1 bmi2 f16c movbe abm", ("avx2", "baseline")),
        ("avx2 fma bmi1 bmi2 f16c movbe abm avx512f avx512bw avx512vl avx512dq avx512cd", ("avx2", "baseline")),
        (" ".join(NEEDS["avx512"]), ("avx512", "avx2", "baseline")),
        (None, ("baseline",)),
    ],
)
def test_the_paths_follow_from_what_the_processor_has(
    tmp_path: Path, flags: str | None, paths: tuple[str, ...]
) -> None:
    if flags is not None:
        (tmp_path / "cpuinfo").write_text(f"processor : 0\nflags\t\t: {flags}\n")
    assert available(tmp_path / "cpuinfo") == paths
