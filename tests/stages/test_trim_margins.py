"""What is trim_margins' own: what its box is good for."""

from __future__ import annotations

import numpy as np

from labkit.core import registry
from labkit.stages.trim_margins import background, trimmed

registry.discover()


def box_of(image: np.ndarray, tolerance: int = 24, margin: int = 0) -> np.ndarray:
    function = registry.variant("trim_margins", "opencv").function
    assert function is not None
    made: np.ndarray = function(image, tolerance, margin)
    return made


def test_the_trimmed_page_is_a_view_of_what_is_on_it() -> None:
    page = np.full((50, 60), 250, np.uint8)
    page[20:25, 10:41] = 3
    part = trimmed(page, box_of(page))
    assert part.shape == (5, 31)
    assert (part == 3).all()
    assert np.shares_memory(part, page)


def test_trimming_again_with_no_margin_changes_nothing_where_the_frame_is_still_paper() -> None:
    page = np.full((50, 60), 250, np.uint8)
    page[20, 10] = page[30, 40] = 3
    assert trimmed(page, box_of(page)).shape == (11, 31)
    once = trimmed(page, box_of(page)).copy()
    assert box_of(once).tolist() == [0, 0, 11, 31]


def test_what_touches_less_than_half_of_the_frame_does_not_change_the_background() -> None:
    page = np.full((40, 40, 3), (240, 244, 250), np.uint8)
    page[:, :10] = 0
    assert background(page) == [240, 244, 250]
    assert box_of(page).tolist() == [0, 0, 40, 10]


def test_an_empty_page_stays_whole() -> None:
    assert box_of(np.full((7, 9), 255, np.uint8)).tolist() == [0, 0, 7, 9]
