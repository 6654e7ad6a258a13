"""Stage phash: what changes a hash and what does not, and finding pictures by it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from labkit.core import registry
from labkit.core.errors import UsageError
from labkit.inputs.photographs import photograph
from labkit.stages.phash import near_duplicates

pictures = [photograph(k, 300, 400) for k in range(3)]


def hashed(images: list[np.ndarray]) -> np.ndarray:
    function = registry.variant("phash", "opencv").function
    assert function is not None
    return np.stack([function(image) for image in images])


def test_smaller_brighter_and_compressed_copies_are_found_and_no_other_picture() -> None:
    smaller = [cv2.resize(image, (200, 150), interpolation=cv2.INTER_AREA) for image in pictures]
    brighter = [cv2.convertScaleAbs(image, alpha=0.9, beta=20) for image in pictures]
    files = [cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 40])[1] for image in pictures]
    compressed = [cv2.imdecode(data, cv2.IMREAD_COLOR) for data in files]
    pairs = near_duplicates(hashed([*pictures, *smaller, *brighter, *compressed]))
    assert pairs.tolist() == [[i, j] for i in range(12) for j in range(i + 1, 12) if i % 3 == j % 3]


def test_a_level_all_over_sets_the_first_bit_alone_and_black_none() -> None:
    assert hashed([np.full((40, 50), 9, np.uint8), np.zeros((40, 50), np.uint8)]).sum(axis=1).tolist() == [1, 0]


def test_no_pictures_have_no_pairs_and_other_rows_are_refused() -> None:
    assert near_duplicates(np.empty((0, 64), np.uint8)).shape == (0, 2)
    with pytest.raises(UsageError, match="hashes is int64"):
        near_duplicates(np.zeros((2, 64), int))
    with pytest.raises(UsageError, match="distance is 65"):
        near_duplicates(np.zeros((2, 64), np.uint8), 65)
