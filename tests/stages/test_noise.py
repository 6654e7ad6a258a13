"""What is noise's own: equal to the bit in every kind, and as Gaussian as the contract says; and when noise agrees with noise."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.core import registry
from labkit.stages.noise import draw
from labkit.stages.noise.agreement import AsNoise
from tests.conformance.catalogue.mosaics import noise as expected

KINDS = [name for name, one in registry.of("noise").items() if one.kind not in ("library", "gpu")]
GREY = np.full((500, 600), 128, np.uint8)


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_gives_the_same_to_the_bit(name: str) -> None:
    variant = registry.variant("noise", name)
    if (reason := variant.unavailable()) is not None:
        pytest.skip(reason)
    assert variant.function is not None
    random = np.random.default_rng(3)
    for seed, sigma in ((0, 10.0), (2**32 - 1, 128.0), (2**31, 0.004), (77, 3.3)):
        for shape in ((3, 67), (5, 32, 3), (1, 31, 3)):
            image = random.integers(0, 256, shape, np.uint8)
            assert np.array_equal(variant.function(image, seed, sigma), expected(image, seed, sigma))


def added(seed: int, sigma: float) -> np.ndarray:
    return expected(GREY, seed, sigma).astype(float) - 128


@pytest.mark.parametrize("sigma", [1.0, 10.0, 25.0])
def test_its_moments_are_those_of_a_normal_number_that_was_rounded(sigma: float) -> None:
    for seed in (0, 1, draw(5, 9)):
        made, spread = added(seed, sigma), np.sqrt(sigma**2 + 1 / 12)
        assert abs(made.mean()) < 5 * spread / np.sqrt(made.size)
        assert abs(made.std() / spread - 1) < 0.01
        scaled = made / made.std()
        assert abs((scaled**3).mean()) < 0.03
        assert abs((scaled**4).mean() - 2.88) < 0.06
        assert abs(np.mean(np.abs(scaled) > 2) - 0.0455) < 0.006 or sigma == 1  # few levels: none is just there


def test_neighbours_and_seeds_have_nothing_to_do_with_each_other() -> None:
    first, limit = added(0, 20.0), 5 / np.sqrt(GREY.size)
    for other in (
        added(1, 20.0),
        added(1 << 31, 20.0),
        *(np.roll(first, k, axis) for k in (1, 2, 3) for axis in (0, 1)),
    ):
        assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < limit
    assert abs(np.corrcoef((first**2).ravel(), np.roll(first, 1, 1).ravel() ** 2)[0, 1]) < limit


@pytest.mark.parametrize(
    "output",
    [GREY, GREY + 1, expected(GREY, 1, 10.5), expected(GREY, 1, 10.0) + np.uint8(1), np.where(GREY, 255, GREY)],
    ids=["none", "a level", "too much", "a level too much", "far"],
)
def test_other_noise_does_not_agree(output: np.ndarray) -> None:
    rule = AsNoise().given(GREY, 0, 10.0)
    assert rule.difference(expected(GREY, 1, 10.0), expected(GREY, 0, 10.0)) is None
    assert rule.difference(output, expected(GREY, 0, 10.0)) is not None


def test_among_many_each_picture_is_held_to_its_own_noise() -> None:
    rule = registry.stage("noise_many").agreement.given([GREY, GREY], 10.0, 0)  # type: ignore[attr-defined]
    right = [expected(GREY, seed, 10.0) for seed in (1, 2)]
    assert rule.difference(right, right[::-1]) is None
    said = rule.difference([right[0], GREY], right)
    assert said is not None
    assert said.where == "[1]"
