"""Stage augment_hybrid: what is drawn, and that forked workers do not repeat one another."""

from __future__ import annotations

import importlib.util
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest

if any(importlib.util.find_spec(name) is None for name in ("albumentations", "augraphy")):
    pytest.skip("albumentations or augraphy is not installed", allow_module_level=True)

from labkit.inputs.pages import paragraphs as page
from labkit.pipelines.augment_hybrid import camera
from labkit.pipelines.augment_hybrid.draw import PHASES, draw

PAGE = page(96, 80)


def test_every_operation_that_the_brief_lists_can_be_drawn() -> None:
    drawn = {each.__name__ for contents in PHASES.values() for _, candidates in contents for each in candidates}
    assert drawn == {"ink_bleed", "faxify", "paper_factory", "creases", "scanner", "bad_photo_copy"}
    names = [type(transform).__name__ for transform in camera.built().transforms]
    assert names == ["RandomRotate90", "Perspective", "RandomBrightnessContrast", "GaussNoise", "RandomShadow"]


def test_no_draw_asks_for_what_takes_seconds() -> None:
    copies = [
        operation.parameters
        for index in range(200)
        for operation in draw(4, index).document.post
        if operation.name == "bad_photo_copy"
    ]
    assert {p["noise"] for p in copies} == {1, 2}  # Worley noise is 4, Perlin 3
    assert max(p["concentration"] for p in copies) <= 0.2
    assert {p["wave"] for p in copies} == {0}


def one_camera_image(seed: int) -> bytes:
    return camera.photographed(PAGE, seed).tobytes()


def test_forked_workers_do_not_repeat_one_another() -> None:
    seeds = [draw(0, index).camera for index in range(12)]
    expected = [one_camera_image(seed) for seed in seeds]
    assert len(set(expected)) >= 10  # where no transform is on, the image stays as it was
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        assert list(pool.map(one_camera_image, seeds)) == expected
