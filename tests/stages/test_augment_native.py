"""The C++ variant of augment on all cores."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from labkit.core import registry
from labkit.stages.augment.draw import Choices

VARIANTS = registry.of("augment")
NAMES = ("native", "native_omp", "cython_loop")
HERE = [name for name in NAMES if name in VARIANTS and VARIANTS[name].unavailable() is None]


def call(name: str, image: np.ndarray, choices: Choices) -> np.ndarray:
    function = VARIANTS[name].function
    assert function is not None
    return function(image, choices)


def noise(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.skipif("native_omp" not in HERE, reason="not built")
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_native_omp_gives_the_same_bits_with_any_number_of_threads(threads: int) -> None:
    image = noise(3, 501, 803)
    with threadpool_limits(threads, "openmp"):
        for turns, flip, size in itertools.product(range(4), (0, 3), (1, 11)):
            choices = Choices(turns, flip, 1.1, 3.0, size, 1.7)
            assert np.array_equal(call("native_omp", image, choices), call("native", image, choices))
