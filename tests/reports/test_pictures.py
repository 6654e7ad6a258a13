"""Pictures of a variant as a notebook and a terminal show them."""

import numpy as np
import pytest

from labkit.measure.result import Status
from labkit.reports.shown import PicturesShown

HOSTILE = "<script>alert(1)</script>\n'\""
IMAGE = np.zeros((20, 30, 3), np.uint8)


def test_every_picture_stands_inside_the_page_with_its_title():
    page = PicturesShown(
        "blur", "logo", "fast", Status.MEASURED, None, IMAGE, IMAGE, IMAGE, IMAGE[:, :, 0], 0.0, 0, 1800
    )._repr_html_()
    assert page.count("src='data:image/png;base64,") == 4
    assert "blur/fast on logo: equals the reference's output" in page.replace("&#x27;", "'")
    assert "http" not in page


@pytest.mark.parametrize("show", [repr, lambda shown: shown._repr_html_()])
def test_what_comes_from_outside_is_told_but_cannot_act(show):
    shown = show(PicturesShown("blur", HOSTILE, "fast", Status.CRASHED, f"raised KeyError: {HOSTILE}"))
    assert "raised KeyError" in shown
    assert "neither input nor output" in shown.lower()
    assert "<script>" not in shown or show is repr


def test_the_text_says_how_much_differs_and_how_large_the_pictures_are():
    told = repr(PicturesShown("blur", "logo", "fast", Status.MEASURED, None, IMAGE, None, None, None, 6.0, 1234, 56789))
    assert told.splitlines() == [
        "blur/fast on logo: agrees within what the stage tolerates; 1,234 of 56,789 elements differ, by up to 6",
        "  input: 30×20",
    ]
