"""Stage resize: OpenCV's own corners, and sizes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from labkit.core import registry
from labkit.core.errors import NotOffered
from labkit.stages.resize import size
from labkit.stages.resize.library import opencv

KERNELS = ("native", "numpy", "cython_loop")
noise = np.random.default_rng(4).integers(0, 256, (300, 90, 3), np.uint8)


def largest_difference(a: np.ndarray, b: np.ndarray) -> int:
    return int(np.abs(a.astype(int) - b).max())


@pytest.mark.parametrize(
    ("shape", "form", "expected"),
    [
        ((480, 640), "short", (224, 298)),
        ((640, 480), "short", (298, 224)),
        ((100, 640), "short", (100, 640)),
        ((1, 100_000), "short", (1, 100_000)),
        ((100, 640), "exact", (224, 224)),
    ],
)
def test_a_short_side_only_gets_shorter_and_the_long_one_follows_rounded_down(
    shape: tuple[int, int], form: str, expected: tuple[int, int]
) -> None:
    assert size(np.empty(shape, np.uint8), 224, form) == expected


@pytest.mark.parametrize("name", KERNELS)
def test_a_mean_stays_one_along_the_shorter_axis_where_opencv_alone_falls_back_to_two_neighbours(name: str) -> None:
    found = registry.variant("resize", name)
    if (reason := found.unavailable()) is not None:
        pytest.skip(reason)
    assert found.function is not None
    made = found.function(noise, 100, "exact")
    means = np.repeat(noise, 10, axis=1).reshape(100, 3, 100, 9, 3).mean(axis=(1, 3))
    assert np.abs(made - means).max() < 1
    assert np.abs(cv2.resize(noise, (100, 100), interpolation=cv2.INTER_AREA) - means).max() > 30


def test_opencv_takes_the_pixel_before_where_a_longer_axis_meets_a_whole_position() -> None:
    row = noise[:1]
    assert np.array_equal(cv2.resize(row, (100, 1), interpolation=cv2.INTER_AREA)[0, 30], row[0, 26])
    made = registry.variant("resize", "numpy").function
    assert made is not None
    longer = made(np.repeat(row, 90, axis=0), 100, "exact")
    assert largest_difference(longer[0, 30], row[0, 27]) <= 1
    with pytest.raises(NotOffered):
        opencv(noise, 100, "exact")


def test_an_interpolation_in_third_place_is_taken_for_an_output_and_gives_bilinear_unsaid() -> None:
    bilinear = cv2.resize(noise, (30, 100))
    assert np.array_equal(cv2.resize(noise, (30, 100), cv2.INTER_AREA), bilinear)
    assert largest_difference(cv2.resize(noise, (30, 100), interpolation=cv2.INTER_AREA), bilinear) > 30
