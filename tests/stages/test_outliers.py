"""What is outliers' own: which of many pictures leave the rest."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from labkit.core import UsageError, registry
from labkit.inputs.photographs import photograph
from labkit.stages.outliers import NUMBERS, leaving

registry.discover()


def row_of(image: np.ndarray) -> np.ndarray:
    function = registry.variant("outliers", "opencv").function
    assert function is not None
    made: np.ndarray = function(image)
    return made


def test_a_black_a_blurred_and_a_noisy_picture_are_found_in_a_series_by_what_they_are() -> None:
    series = photograph(0, 300, 300)[..., 1]
    pictures = [np.ascontiguousarray(series[k % 7 :, k // 7 :][:260, :260]) for k in range(40)]
    pictures[3] = np.zeros_like(pictures[3])
    pictures[7] = cv2.GaussianBlur(pictures[7], (0, 0), 9)
    pictures[9] = np.random.default_rng(1).integers(0, 256, pictures[9].shape, np.uint8)
    found = leaving(np.array([row_of(picture) for picture in pictures]))
    assert np.flatnonzero(found.any(axis=1)).tolist() == [3, 7, 9]
    assert found[3, NUMBERS.index("mean")]
    assert found[7, NUMBERS.index("sharpness")]
    assert found[9, NUMBERS.index("entropy")]


def test_nearly_half_of_all_may_be_odd_without_hiding_each_other() -> None:
    rows = np.concatenate([np.random.default_rng(2).normal(100, 1, (60, 1)), np.full((40, 1), 900.0)])
    found = leaving(rows, 6)
    assert found[60:].all()
    assert not found[:60].any()


def test_where_more_than_half_are_equal_what_is_far_from_them_still_leaves() -> None:
    rows = np.full((50, 1), 8.0)
    rows[4] = 9
    assert np.flatnonzero(leaving(rows)).tolist() == [4]


@pytest.mark.parametrize("count", [0, 1, 9])
def test_of_equal_rows_none_leaves(count: int) -> None:
    assert leaving(np.full((count, 4), 0.1)).sum() == 0


@pytest.mark.parametrize(
    ("rows", "limit"),
    [(np.zeros(4), 3.5), (np.full((3, 4), np.nan), 3.5), (np.zeros((3, 4)), 0.0), (np.zeros((3, 4)), np.nan)],
)
def test_what_can_t_be_judged_is_refused(rows: np.ndarray, limit: float) -> None:
    with pytest.raises(UsageError, match=r"^(rows|limit)\b.*; give"):
        leaving(rows, limit)
