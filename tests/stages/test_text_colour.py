"""What is text_colour's own: every kind written here gives the same to the bit, however near the border pixels lie."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.core import registry
from labkit.stages.text_colour.workloads import region

KINDS = [name for name, one in registry.of("text_colour").items() if one.kind not in ("library", "gpu")]


def crowded(seed: int) -> np.ndarray:
    """Many pixels within a level of the border, in two clouds that overlap; few levels, so that ties are frequent."""
    random = np.random.default_rng(seed)
    levels = random.integers(100, 100 + 2 + seed % 9, (20, 35, 3))
    levels[:, ::3] += int(random.integers(0, 4))
    return levels.astype(np.uint8)


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_gives_the_same_to_the_bit(name: str) -> None:
    variant, reference = registry.variant("text_colour", name), registry.variant("text_colour", "numpy").function
    if (reason := variant.unavailable()) is not None:
        pytest.skip(reason)
    assert variant.function is not None
    assert reference is not None
    for image in [*map(crowded, range(30)), region(0, 70, 131), region(1, 70, 131)]:
        assert np.array_equal(variant.function(image), reference(image))


def test_the_larger_cluster_is_the_background() -> None:
    image = np.full((40, 50, 3), (200, 210, 220), np.uint8)
    image[10:20, 5:30] = (90, 20, 10)
    reference = registry.variant("text_colour", "numpy").function
    assert reference is not None
    assert reference(image).tolist() == [[90, 20, 10], [200, 210, 220]]
    assert reference(255 - image).tolist() == [[165, 235, 245], [55, 45, 35]]
