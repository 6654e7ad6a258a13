"""Copies for OCR: black and white, of the same size, within the turn and tilt that were promised, and still to be read."""

from __future__ import annotations

import cloudpickle
import cv2
import numpy as np
import pytest

from labkit.pipelines.chains import open_chain
from labkit.stages.degrade_page.draw import ASLANT, MOST_DEGREES, draw
from labkit.stages.degrade_page.opencv import matrix
from labkit.stages.degrade_page.opencv import opencv as degraded


def page(height: int = 240, width: int = 320) -> np.ndarray:
    image = np.full((height, width, 3), 235, np.uint8)
    for y in range(40, height - 20, 36):
        cv2.putText(image, "black on white", (30, y), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (30, 30, 30), 2)
    return image


def test_a_copy_is_black_and_white_and_of_the_same_size() -> None:
    chain = open_chain("ocr")
    for index in range(6):
        made = chain(page(), 0, index)
        assert (made.dtype, made.shape) == (np.uint8, (240, 320))
        assert set(np.unique(made)) == {0, 255}


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (7, 3), (33, 64)])
def test_every_size_can_be_copied(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert open_chain("ocr")(image, 0, 0).shape == shape


def test_the_copy_depends_on_seed_and_index_alone_and_the_page_is_left_as_it_is() -> None:
    image, chain = page(), open_chain("ocr")
    first = [chain(image, 4, index) for index in range(4)]
    again = [cloudpickle.loads(cloudpickle.dumps(chain))(image, 4, index) for index in reversed(range(4))][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert len({made.tobytes() for made in first}) == 4
    assert np.array_equal(image, page())


def test_a_page_is_turned_by_at_most_five_degrees_and_its_corners_stay_near() -> None:
    height, width = 1000, 1400
    corners = np.array([[[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]], np.float64)
    farthest = np.hypot(height, width) / 2 * np.radians(MOST_DEGREES) + 1.1 * np.hypot(height, width) * ASLANT
    for index in range(300):
        choices = draw(0, index)
        moved = cv2.perspectiveTransform(corners, matrix(height, width, choices))
        assert abs(choices.degrees) <= MOST_DEGREES
        assert np.linalg.norm(moved - corners, axis=2).max() <= farthest


def test_words_are_still_black_where_the_page_was_turned_to() -> None:
    image, chain = page(), open_chain("ocr")
    for index in range(8):
        choices = draw(0, index)
        ink = cv2.warpPerspective(255 - image[:, :, 0], matrix(240, 320, choices), (320, 240)) > 128
        made = chain(image, 0, index)
        assert (made[ink] == 0).mean() > 0.85
        far_from_ink = cv2.dilate(ink.astype(np.uint8), np.ones((9, 9), np.uint8)) == 0
        assert (made[far_from_ink] == 255).mean() > 0.9


def test_uneven_light_grain_and_specks_are_on_the_page_before_it_is_cleaned() -> None:
    clean = draw(0, 0)._replace(
        degrees=0.0, corners=np.zeros((4, 2)), clip=1.0, sharpen=0.0, shade=0.0, grain=0.0, specks=0
    )
    blank = np.full((200, 300, 3), 200, np.uint8)
    plain = degraded(blank, clean)
    assert plain.std() == 0
    shaded = degraded(blank, clean._replace(shade=0.3, light=0.0)).mean(axis=(0, 2))
    assert shaded[0] > shaded[-1] * 1.2
    assert 3 < degraded(blank, clean._replace(grain=5.0)).std() < 6
    assert (degraded(blank, clean._replace(specks=60)) == 30).any()
