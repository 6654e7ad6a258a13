"""What is threshold's own: ties, and pictures of one level."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from labkit.core import registry

registry.discover()


def otsu_by(variant: str, levels: list[int]) -> np.ndarray:
    function = registry.variant("threshold", variant).function
    assert function is not None
    made: np.ndarray = function(np.array([levels], np.uint8))
    return made


@pytest.mark.parametrize("with_ipp", [True, False])
def test_equally_good_levels_are_decided_alike_whether_or_not_opencv_may_use_ipp(with_ipp: bool) -> None:
    before = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(with_ipp)
    try:
        asked = cv2.ipp.useIPP()
        assert otsu_by("opencv", [54, 57, 60]).tolist() == [[0, 255, 255]]
        assert cv2.ipp.useIPP() == asked
    finally:
        cv2.ipp.setUseIPP(before)


def test_a_picture_of_one_level_is_white_unless_it_is_black() -> None:
    """No two classes: the level is 0."""
    assert otsu_by("native", [77] * 9).tolist() == [[255] * 9]
    assert otsu_by("native", [0] * 9).tolist() == [[0] * 9]
