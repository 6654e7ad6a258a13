"""Stage augment_hybrid: albumentations and augraphy from one draw, the same image whatever ran before."""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import random
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

if any(importlib.util.find_spec(name) is None for name in ("albumentations", "augraphy")):
    pytest.skip("albumentations or augraphy is not installed", allow_module_level=True)

import numba

from labkit.core import UsageError, registry
from labkit.engines.arm import ArmName, open_arm
from labkit.inputs.pages import paragraphs as page
from labkit.pipelines.augment_hybrid import augment_hybrid, camera, library, workloads
from labkit.pipelines.augment_hybrid.draw import PHASES, HybridChoices, draw
from labkit.stages.augment_documents.draw import Choices, Operation
from labkit.stages.augment_documents.operations import BUILDERS

VARIANTS = registry.of("augment_hybrid")
HERE = [name for name, variant in VARIANTS.items() if variant.unavailable() is None]
EDGE_CASES = workloads.edge_cases()
PAGE = page(96, 80)


@pytest.fixture(scope="module")
def variants() -> Any:
    with ExitStack() as stack:
        yield {name: stack.enter_context(open_arm("augment_hybrid", ArmName(name), 1)) for name in HERE}


def test_every_operation_that_the_brief_lists_can_be_drawn_and_built() -> None:
    drawn = {each.__name__ for contents in PHASES.values() for _, candidates in contents for each in candidates}
    assert drawn == {"ink_bleed", "faxify", "paper_factory", "creases", "scanner", "bad_photo_copy"}
    assert drawn <= set(BUILDERS)
    names = [type(transform).__name__ for transform in camera.built().transforms]
    assert names == ["RandomRotate90", "Perspective", "RandomBrightnessContrast", "GaussNoise", "RandomShadow"]


def test_a_draw_depends_on_seed_and_index_alone_and_no_two_share_a_seed() -> None:
    assert draw(0, 5) == draw(0, 5)
    choices = [draw(0, index) for index in range(100)]
    seeds = [choice.camera for choice in choices]
    seeds += [operation.seed for choice in choices for phase in choice.document for operation in phase]
    assert len(set(seeds)) == len(seeds)


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


@pytest.mark.parametrize("name", HERE)
def test_the_same_choices_give_the_same_image_whatever_was_drawn_before(name: str, variants: Any) -> None:
    choices = workloads.everything(3)
    first = variants[name](PAGE.copy(), choices)
    random.random(), np.random.random(1000)  # noqa: NPY002
    variants[name](PAGE.copy(), workloads.everything(4))
    assert np.array_equal(first, variants[name](PAGE.copy(), choices))


@pytest.mark.parametrize("name", HERE[1:])
def test_a_variant_gives_what_the_libraries_give(name: str, variants: Any) -> None:
    for index in range(10):
        choices = draw(17, index)
        assert np.array_equal(variants[name](PAGE.copy(), choices), library.libraries(PAGE.copy(), choices)), (
            17,
            index,
        )


@pytest.mark.parametrize("name", HERE[1:])
@pytest.mark.parametrize("case", EDGE_CASES)
def test_a_variant_gives_what_the_libraries_give_on_edge_cases(name: str, case: str, variants: Any) -> None:
    image, choices = EDGE_CASES[case]
    assert np.array_equal(variants[name](image.copy(), choices), library.libraries(image.copy(), choices))


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("name", HERE[1:])
def test_a_variant_gives_what_the_libraries_give_for_each_operation_alone(name: str, phase: str, variants: Any) -> None:
    for drawing in (each for _, candidates in PHASES[phase] for each in candidates):
        for seed in range(4):
            operation = Operation(drawing.__name__, seed, drawing(np.random.default_rng(seed)))
            choices = HybridChoices(seed, Choices((), (), ())._replace(**{phase: (operation,)}))
            image = page(150 + 7 * seed, 121, seed)
            expected = library.libraries(image.copy(), choices)
            assert np.array_equal(variants[name](image.copy(), choices), expected), operation


@pytest.mark.parametrize("case", EDGE_CASES)
def test_an_image_comes_back_in_its_own_shape_or_turned(case: str) -> None:
    image, choices = EDGE_CASES[case]
    before = image.copy()
    aged = library.libraries(image, choices)
    assert aged.shape in (image.shape, (image.shape[1], image.shape[0], 3))
    assert aged.dtype == np.uint8
    assert aged.flags.c_contiguous
    assert not np.shares_memory(aged, image)
    assert np.array_equal(image, before)


def test_different_indices_give_different_images_and_some_are_turned() -> None:
    aged = [library.libraries(PAGE, draw(1, index)) for index in range(16)]
    assert len({image.tobytes() for image in aged}) == 16
    assert {image.shape[:2] for image in aged} == {(96, 80), (80, 96)}


def one_camera_image(seed: int) -> bytes:
    return camera.photographed(PAGE, seed).tobytes()


def test_forked_workers_do_not_repeat_one_another() -> None:
    seeds = [draw(0, index).camera for index in range(12)]
    expected = [one_camera_image(seed) for seed in seeds]
    assert len(set(expected)) >= 10  # where no transform is on, the image stays as it was
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        assert list(pool.map(one_camera_image, seeds)) == expected


@pytest.mark.parametrize("name", HERE)
def test_threads_get_the_images_that_one_thread_gets(name: str, variants: Any) -> None:
    image = page(64, 64)
    choices = [draw(23, index) for index in range(16)]
    expected = [variants[name](image.copy(), choice) for choice in choices]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda choice: variants[name](image.copy(), choice), reversed(choices)))
    assert all(np.array_equal(a, b) for a, b in zip(expected, reversed(found), strict=True))


@pytest.mark.parametrize("name", HERE)
def test_a_call_leaves_no_trace(name: str, variants: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    random.seed(4), np.random.seed(4)  # noqa: NPY002
    expected = random.random(), np.random.random()  # noqa: NPY002
    random.seed(4), np.random.seed(4)  # noqa: NPY002
    variants[name](PAGE.copy(), workloads.everything())
    assert (random.random(), np.random.random()) == expected  # noqa: NPY002
    assert numba.config.DISABLE_JIT == 1
    assert os.getcwd() == str(tmp_path)
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    ("choices", "error", "text"),
    [
        (draw(0, 0).document, TypeError, "HybridChoices"),
        (draw(0, 0)._replace(camera=-1), UsageError, "camera is -1"),
        (HybridChoices(0, Choices((Operation("melt", 0, {}),), (), ())), UsageError, "melt"),
    ],
    ids=["other choices", "negative seed", "unknown operation"],
)
def test_the_contract_refuses_other_choices(choices: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        augment_hybrid(PAGE, choices)
