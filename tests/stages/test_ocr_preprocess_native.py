"""The C++ variants of ocr_preprocess: sizes around the vectors, and threads."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from labkit.core import registry
from labkit.stages.ocr_preprocess.workloads import of_greys

VARIANTS = registry.of("ocr_preprocess")
NAMES = ("native", "native_omp")
HERE = [name for name in NAMES if name in VARIANTS and VARIANTS[name].unavailable() is None]


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
