"""The C++ variants of ocr_preprocess: the search that does without a histogram, the edges of memory, leaks, threads, machines."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pybind11
import pytest

from labkit.core import registry
from labkit.stages.ocr_preprocess.workloads import of_greys

VARIANTS = registry.of("ocr_preprocess")
NAMES = ("native", "native_omp")
HERE = [name for name in NAMES if name in VARIANTS and VARIANTS[name].unavailable() is None]
FOLDER = Path(sys.modules["labkit.stages.ocr_preprocess"].__file__ or "").parent
INCLUDE = [sysconfig.get_path("include"), np.get_include(), pybind11.get_include(), str(FOLDER.parents[1])]


def call(name: str, image: np.ndarray) -> np.ndarray:
    function = VARIANTS[name].function
    assert function is not None
    result: np.ndarray = function(image)
    return result


def lumpy(seed: int) -> np.ndarray:
    """A picture with a histogram that is hard to sample: heaps of any height and width, some of them in one corner only."""
    draw = np.random.default_rng(seed)
    height, width = (int(side) for side in draw.integers(120, 400, 2))
    levels = np.full((height, width), draw.uniform(0, 255))
    for _ in range(int(draw.integers(1, 7))):
        top, left = int(draw.integers(height)), int(draw.integers(width))
        bottom, right = int(draw.integers(top, height)) + 1, int(draw.integers(left, width)) + 1
        size = (bottom - top, right - left)
        levels[top:bottom, left:right] = draw.normal(draw.uniform(0, 255), draw.choice([0, 0.4, 3, 30]), size)
    return of_greys(np.clip(levels, 0, 255))


@pytest.mark.parametrize("name", HERE)
def test_lumpy_pictures_agree_with_the_reference(name: str) -> None:
    for seed in range(250):
        image = lumpy(seed)
        wrong = np.count_nonzero(call(name, image) != call("opencv", image))
        assert not wrong, f"seed {seed}, image {image.shape}: {wrong} pixels differ"


@pytest.mark.parametrize("name", HERE)
def test_a_picture_whose_sample_misleads_agrees(name: str) -> None:
    """Every row but a few holds two levels; those few, seldom sampled, move the threshold."""
    for seed in range(60):
        draw = np.random.default_rng(seed)
        levels = draw.choice(draw.integers(0, 256, 2), (300, 301))
        rows = draw.integers(0, 300, int(draw.integers(1, 40)))
        levels[rows] = draw.integers(0, 256)
        image = of_greys(levels)
        assert np.array_equal(call(name, image), call("opencv", image)), f"seed {seed}"


@pytest.mark.parametrize("name", HERE)
def test_sizes_around_the_vectors_agree(name: str) -> None:
    """Around 64 pixels, 512 columns, groups of 1024 pixels, and the 16,384 below which every level is counted."""
    draw = np.random.default_rng(11)
    shapes = [(1, n) for n in (1, 2, 63, 64, 65, 511, 512, 513, 1023, 1024, 1025, 16383, 16384, 16385, 17408, 17409)]
    shapes += [(n, 1) for n in (2, 3, 64, 65, 16384, 20000)]
    shapes += [(16, 1024), (17, 1024), (128, 128), (127, 129), (2, 8192), (3, 5461), (33, 512), (40, 513), (25, 1023)]
    for height, width in shapes:
        image = of_greys(
            np.where(draw.random((height, width)) < 0.4, 60, 190) + draw.integers(-30, 30, (height, width))
        )
        assert np.array_equal(call(name, image), call("opencv", image)), f"{height}×{width}"


BEFORE_A_WALL = """
import ctypes, mmap, sys
import numpy as np
from labkit.core import registry

function = registry.variant("ocr_preprocess", sys.argv[1]).function
expected = registry.variant("ocr_preprocess", "numpy_slices").function
libc = ctypes.CDLL(None, use_errno=True)
draw = np.random.default_rng(3)
shapes = [(1, 1), (1, 2), (2, 1), (3, 5), (1, 63), (1, 64), (7, 64), (5, 65), (1, 127), (3, 130), (31, 512), (9, 513)]
for height, width in shapes + [(128, 128), (129, 127), (257, 300), (300, 1100)]:
    size = height * width * 3
    pages = -(-size // mmap.PAGESIZE)
    room = mmap.mmap(-1, (pages + 2) * mmap.PAGESIZE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(room))
    for wall in (start, start + (pages + 1) * mmap.PAGESIZE):
        assert libc.mprotect(ctypes.c_void_p(wall), mmap.PAGESIZE, 0) == 0
    for offset in ((pages + 1) * mmap.PAGESIZE - size, mmap.PAGESIZE):
        image = np.frombuffer((ctypes.c_char * size).from_buffer(room, offset), np.uint8).reshape(height, width, 3)
        for levels in (256, 3):
            image[:] = draw.integers(0, levels, image.shape)
            assert np.array_equal(function(image), expected(image)), (height, width)
print("unharmed")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs mprotect")
@pytest.mark.parametrize("name", HERE)
def test_no_byte_before_or_after_the_image_is_read(name: str) -> None:
    """The image ends where memory that must not be touched begins, and the other way round: reading on would crash."""
    done = subprocess.run([sys.executable, "-c", BEFORE_A_WALL, name], capture_output=True, text=True)
    assert done.stdout.strip() == "unharmed", f"exit status {done.returncode}: {done.stderr[-500:]}"


@pytest.mark.parametrize("name", HERE)
def test_two_thousand_calls_leave_memory_and_references_as_they_were(name: str) -> None:
    image = lumpy(1)
    for _ in range(100):
        call(name, image)
    gc.collect()
    before = psutil.Process().memory_info().rss, sys.getrefcount(image)
    for _ in range(2000):
        call(name, image)
    assert psutil.Process().memory_info().rss - before[0] < 4 << 20  # one leaked row of bits a call would be more
    assert sys.getrefcount(image) == before[1]


@pytest.mark.parametrize("name", HERE)
def test_calls_from_several_threads_at_once_do_not_disturb_each_other(name: str) -> None:
    images = [lumpy(seed) for seed in range(12)]
    expected = [call("opencv", image) for image in images]
    with ThreadPoolExecutor(4) as pool:
        for found, right in zip(pool.map(lambda image: call(name, image), images * 10), expected * 10, strict=True):
            assert np.array_equal(found, right)


@pytest.mark.skipif("native_omp" not in HERE, reason="not built")
@pytest.mark.parametrize("threads", ["1", "2", "3", "7"])
def test_any_number_of_threads_gives_the_same(threads: str) -> None:
    script = """
import numpy as np
from labkit.core import registry
from tests.stages.test_ocr_preprocess_native import lumpy
variants = registry.of("ocr_preprocess")
images = [np.tile(lumpy(seed), (3, 4, 1)) for seed in range(10)]
images += [images[0][:, :300000 // len(images[0])], np.tile(images[1][:2, :50], (1, 1400, 1))]
for image in map(np.ascontiguousarray, images):
    assert np.array_equal(variants["native_omp"].function(image), variants["opencv"].function(image)), image.shape
print("same")
"""
    environment = os.environ | {"OMP_NUM_THREADS": threads}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "same", done.stderr[-500:]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs RLIMIT_AS")
@pytest.mark.parametrize("name", HERE)
def test_running_out_of_memory_raises(name: str) -> None:
    script = """
import resource, sys
import numpy as np, psutil
from labkit.core import registry
function = registry.variant("ocr_preprocess", sys.argv[1]).function
image = np.zeros((6000, 9000, 3), np.uint8)
function(image[:600])
resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + (20 << 20), resource.RLIM_INFINITY))
for _ in range(3):
    try:
        function(image)
    except MemoryError:
        print("refused")
"""
    done = subprocess.run([sys.executable, "-c", script, name], capture_output=True, text=True)
    assert done.stdout.split() == ["refused"] * 3, done.stderr[-500:]


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler on this machine")
def test_the_code_for_other_machines_computes_the_same(tmp_path: Path) -> None:
    made = tmp_path / "native.so"
    machine = "-O1 -march=native -mno-avx -DLABKIT_PORTABLE"
    words = f"g++ {machine} -std=c++17 -fopenmp -fPIC -shared -o {made} {FOLDER / 'native.cpp'}".split()
    subprocess.run([*words, *(f"-I{folder}" for folder in INCLUDE)], check=True, capture_output=True)
    script = f"""
import importlib.util
import numpy as np
from labkit.core import registry
from labkit.stages.ocr_preprocess import workloads
from tests.stages.test_ocr_preprocess_native import lumpy
expected = registry.variant("ocr_preprocess", "opencv").function
known = registry.variants["ocr_preprocess"]
for name in [name for name in known if name.startswith("native")]:
    del known[name]
spec = importlib.util.spec_from_file_location("native", {str(made)!r})
portable = importlib.util.module_from_spec(spec)
spec.loader.exec_module(portable)
images = [lumpy(seed) for seed in range(8)] + [image for image, in workloads.edge_cases().values()]
for k, image in enumerate(images):
    assert np.array_equal(portable.native(image), expected(image)), k
    assert np.array_equal(portable.native_omp(image), expected(image)), k
print("same")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "same", done.stderr[-500:]
