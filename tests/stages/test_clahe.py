"""clahe: where floats decide, the kernel and NumPy are OpenCV's, bit for bit."""

import cv2
import numpy as np
import pytest

from labkit.core import registry

SEED = 20261201


@pytest.mark.parametrize("name", ["numpy_tiles", "native", "native_omp"])
def test_it_is_opencvs_to_the_bit(name: str) -> None:
    found = registry.variant("clahe", name)
    if (reason := found.unavailable()) is not None:
        pytest.skip(reason)
    assert found.function is not None
    draw = np.random.default_rng(SEED)
    for _ in range(60):
        height, width = draw.integers(1, 300, 2)
        image = np.clip(draw.normal(draw.integers(256), draw.integers(1, 90), (height, width)), 0, 255).astype(np.uint8)
        limit, columns, rows = float(draw.choice([0, 0.5, 2, 3.3, 40])), *map(int, draw.integers(1, 17, 2))
        expected = cv2.createCLAHE(limit, (columns, rows)).apply(image)
        assert np.array_equal(found.function(image, limit, columns, rows), expected), (
            SEED,
            height,
            width,
            limit,
            columns,
            rows,
        )


def test_a_side_that_is_a_multiple_of_its_tiles_gets_a_margin_all_the_same_where_the_other_is_none() -> None:
    image = np.random.default_rng(SEED).integers(0, 256, (64, 65), np.uint8)
    native = registry.variant("clahe", "numpy_tiles").function
    assert native is not None
    assert np.array_equal(native(image, 2.0, 8, 8), cv2.createCLAHE(2.0, (8, 8)).apply(image))
