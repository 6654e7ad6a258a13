"""The C++ variants of augment: the edges of memory, leaks, threads, and the code that other machines run."""

from __future__ import annotations

import ctypes
import gc
import itertools
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest
from threadpoolctl import threadpool_limits

from labkit.core import registry
from labkit.stages.augment.draw import Choices, draw

VARIANTS = registry.of("augment")
NAMES = ("native", "native_omp", "cython_loop")
HERE = [name for name in NAMES if name in VARIANTS and VARIANTS[name].unavailable() is None]


def call(name: str, image: np.ndarray, choices: Choices) -> np.ndarray:
    function = VARIANTS[name].function
    assert function is not None
    return function(image, choices)


def noise(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


BEFORE_A_WALL = """
import ctypes, mmap, sys
import numpy as np
from labkit.core import registry
from labkit.stages.augment.draw import Choices

registry.import_folder("labkit.stages.augment")
function = registry.variants["augment"][sys.argv[1]].function
libc = ctypes.CDLL(None, use_errno=True)
for height, width in ((1, 1), (1, 2), (2, 1), (3, 3), (16, 16), (17, 15), (23, 41), (64, 64), (65, 21), (5, 22), (40, 200)):
    size = height * width * 3
    pages = -(-size // mmap.PAGESIZE)
    room = mmap.mmap(-1, (pages + 2) * mmap.PAGESIZE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(room))
    for wall in (start, start + (pages + 1) * mmap.PAGESIZE):
        assert libc.mprotect(ctypes.c_void_p(wall), mmap.PAGESIZE, 0) == 0
    for offset in ((pages + 1) * mmap.PAGESIZE - size, mmap.PAGESIZE):
        image = np.frombuffer((ctypes.c_char * size).from_buffer(room, offset), np.uint8).reshape(height, width, 3)
        image[:] = 7
        for turns in range(4):
            for flip in range(4):
                for alpha in (1.0, 2.0):
                    for blur in (1, 3, 13, 21, 23):
                        assert (function(image, Choices(turns, flip, alpha, 0.0, blur, 2.0)) == 7 * alpha).all()
print("unharmed")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs mprotect")
@pytest.mark.parametrize("name", HERE)
def test_no_byte_before_or_after_the_image_is_read(name: str) -> None:
    """The image ends where memory that must not be touched begins, and the other way round: reading on would crash."""
    done = subprocess.run([sys.executable, "-c", BEFORE_A_WALL, name], capture_output=True, text=True)
    assert done.stdout.strip() == "unharmed", f"exit status {done.returncode}: {done.stderr[-500:]}"


ALONE = """
#include "chain.hpp"
extern "C" void run(const unsigned char* from, long height, long width, int turns, int flip, double alpha, double beta,
                    int size, double sigma, unsigned char* to, int threads) {
    using namespace augment;
    do_all({from, height, width, Symmetry::of(turns, flip), Table(alpha, beta), Weights(size, sigma), to}, threads);
}
"""


@pytest.mark.skipif(shutil.which("g++") is None or "native" not in HERE, reason="no C++ compiler on this machine")
@pytest.mark.parametrize("machine", ["-mno-avx512f", "-mno-avx -DLABKIT_PORTABLE"])
def test_the_code_for_other_machines_computes_the_same_bits(machine: str, tmp_path: Path) -> None:
    (tmp_path / "alone.cpp").write_text(ALONE)
    folder = Path(sys.modules["labkit.stages.augment"].__file__ or "").parent
    words = f"g++ -O1 -march=native {machine} -std=c++17 -fopenmp -fPIC -shared -I{folder} -o alone.so alone.cpp"
    subprocess.run(words.split(), cwd=tmp_path, check=True, capture_output=True)
    other = ctypes.CDLL(str(tmp_path / "alone.so")).run
    data, number = ctypes.c_void_p, ctypes.c_double
    other.argtypes = [
        data,
        *[ctypes.c_long] * 2,
        *[ctypes.c_int] * 2,
        *[number] * 2,
        ctypes.c_int,
        number,
        data,
        ctypes.c_int,
    ]
    other.restype = None
    for seed in range(60):
        random = np.random.default_rng(seed)
        image = noise(seed, *random.integers(1, 150, 2))
        choices = draw(seed, 0)._replace(size=int(random.choice([1, 3, 11, 21, 25])), sigma=1.9)
        expected = call("native", image, choices)
        for threads in (1, 3):
            found = np.zeros_like(expected)
            other(image.ctypes.data, *image.shape[:2], *choices, found.ctypes.data, threads)
            assert np.array_equal(found, expected), f"seed {seed}, {threads} threads, {choices}"


@pytest.mark.skipif("native_omp" not in HERE, reason="not built")
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_native_omp_gives_the_same_bits_with_any_number_of_threads(threads: int) -> None:
    image = noise(3, 501, 803)
    with threadpool_limits(threads, "openmp"):
        for turns, flip, size in itertools.product(range(4), (0, 3), (1, 11)):
            choices = Choices(turns, flip, 1.1, 3.0, size, 1.7)
            assert np.array_equal(call("native_omp", image, choices), call("native", image, choices))


@pytest.mark.parametrize("name", HERE)
def test_two_thousand_calls_leak_nothing(name: str) -> None:
    image = noise(1, 60, 90)
    choices = [draw(7, index) for index in range(20)]
    process = psutil.Process()

    def calls(count: int) -> int:
        for index in range(count):
            call(name, image, choices[index % 20])
        gc.collect()
        return process.memory_info().rss

    references = sys.getrefcount(image)
    before = calls(200)
    assert calls(2000) - before < 2 << 20  # an output leaked each time would be 32 MB
    assert sys.getrefcount(image) == references


@pytest.mark.parametrize("name", HERE)
def test_an_output_owns_its_memory_and_outlives_the_image(name: str) -> None:
    image = noise(2, 40, 50)
    for choices in (Choices(), Choices(1, 1, 1.1, 4.0, 9, 1.3)):
        expected = call(name, image.copy(), choices)
        given = image.copy()
        found = call(name, given, choices)
        given[:] = 0
        del given
        assert found.flags.owndata
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("name", HERE)
def test_two_python_threads_at_once_get_their_own_right_outputs(name: str) -> None:
    inputs = [(noise(seed, 130, 170), draw(seed, 1)._replace(size=7, sigma=1.0)) for seed in range(6)]
    alone = [call(name, *each) for each in inputs]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda each: call(name, *each), inputs * 10))
    for k, made in enumerate(found):
        assert np.array_equal(made, alone[k % 6])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs RLIMIT_AS")
@pytest.mark.parametrize("name", HERE)
def test_running_out_of_memory_raises_and_leaves_the_process_well(name: str) -> None:
    script = """
import resource, sys
import numpy as np, psutil
from labkit.core import registry
from labkit.stages.augment.draw import Choices
registry.import_folder("labkit.stages.augment")
function = registry.variants["augment"][sys.argv[1]].function
small, large = np.zeros((50, 50, 3), np.uint8), np.zeros((9000, 9000, 3), np.uint8)
choices = Choices(1, 0, 1.1, 0.0, 9, 1.2)
function(small, choices)
used = psutil.Process().memory_info().vms
resource.setrlimit(resource.RLIMIT_AS, (used + (100 << 20), resource.RLIM_INFINITY))
for _ in range(20):
    try:
        function(large, choices)
    except MemoryError:
        continue
    sys.exit("no MemoryError")
print("recovered", function(small, choices).shape)
"""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", script, name], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "recovered (50, 50, 3)", done.stderr[-500:]
