"""What is affine's own: the kinds written here are OpenCV's to the bit; and its matrices lead where they say."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from labkit.core import registry
from labkit.stages.affine import edge_cases
from labkit.stages.affine.matrix import Matrix, about_centre, draw

KINDS = [name for name, one in registry.of("affine").items() if one.kind not in ("library", "gpu")]


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_is_opencv_to_the_bit(name: str) -> None:
    variant, opencv = registry.variant("affine", name), registry.variant("affine", "opencv").function
    if (reason := variant.unavailable()) is not None:
        pytest.skip(reason)
    assert variant.function is not None
    assert opencv is not None
    random = np.random.default_rng(4)
    cases = list(edge_cases().values())
    for _ in range(40):
        shape = (int(random.integers(1, 60)), int(random.integers(1, 120)))
        image = random.integers(0, 256, shape + (3,) * int(random.integers(2)), np.uint8)
        parts, offsets = random.uniform(-3, 3, 4) * random.choice([0.01, 1, 1, 5]), random.uniform(-90, 90, 2)
        cases.append((image, Matrix(parts[0], parts[1], offsets[0], parts[2], parts[3], offsets[1])))
        cases.append((image, draw(3, len(cases), image.shape)))
    for image, matrix in cases:
        assert np.array_equal(variant.function(image, matrix), opencv(image, matrix)), matrix


def test_a_turn_about_the_centre_is_opencv_s_the_other_way() -> None:
    forward = cv2.getRotationMatrix2D((49.5, 29.5), 30, 1.2)
    assert np.allclose(
        np.array(about_centre(30, 1.2, 0, 0, (60, 100))).reshape(2, 3), cv2.invertAffineTransform(forward)
    )
