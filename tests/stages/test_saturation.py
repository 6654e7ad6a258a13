"""Saturation: what is written here is the same to the bit, of every colour; libraries stay within the tolerance."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.core import registry
from labkit.stages.saturation import TOLERANCE
from tests.conformance.catalogue.colours import saturation
from tests.stages.test_colours import every_colour

FACTORS = (0.0, 0.35, 1.5, 2.0)


def ready(*kinds: str) -> dict[str, object]:
    return {v.name: v.function for v in registry.of("saturation").values() if v.kind in kinds and not v.unavailable()}


@pytest.mark.parametrize("factor", FACTORS)
def test_every_colour_is_moved_as_the_contract_says(factor: float) -> None:
    image = every_colour()
    expected = saturation(image, factor)
    for name, function in ready("numba", "cython", "native").items():
        assert np.array_equal(function(image, factor), expected), name  # type: ignore[operator]


@pytest.mark.parametrize("factor", FACTORS)
def test_libraries_keep_the_tolerance_on_every_colour(factor: float) -> None:
    image = every_colour()[::7, ::7].copy()  # a prime to the powers of two: all levels of each channel are among them
    expected = saturation(image, factor)
    for name, function in ready("library").items():
        assert TOLERANCE.difference(function(image, factor), expected) is None, name  # type: ignore[operator]


def test_a_factor_of_one_changes_nothing_and_of_none_leaves_grey() -> None:
    image = every_colour()[::13].copy()
    for name, function in ready("numba", "cython", "native").items():
        assert np.array_equal(function(image, 1.0), image), name  # type: ignore[operator]
        grey = function(image, 0.0)  # type: ignore[operator]
        assert (grey == grey[..., :1]).all(), name
