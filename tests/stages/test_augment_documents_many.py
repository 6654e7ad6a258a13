"""The many-image stages of documents: one answer under every engine, however many workers, in whatever order."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest

if any(importlib.util.find_spec(name) is None for name in ("albumentations", "augraphy")):
    pytest.skip("albumentations or augraphy is not installed", allow_module_level=True)

from labkit.core import Exact, registry
from labkit.engines import open_engine
from labkit.engines.arm import ArmName, open_arm
from labkit.pipelines.augment_hybrid.draw import draw as draw_hybrid
from labkit.stages.augment_documents.draw import draw as draw_document

SEED = 6


def pictures(one: str) -> list[np.ndarray]:
    """Seven of those that the workloads of many are made of, each of another size."""
    stage = registry.stage(one)
    assert stage.many is not None
    return [stage.many.images(stage.terms.images[0], k, 1, 60 + 5 * k, 96 - 6 * k)[0] for k in range(7)]


STAGES = {
    "augment_documents": (draw_document, pictures("augment_documents")),
    "augment_hybrid": (draw_hybrid, pictures("augment_hybrid")),
}
PARTIALS = [
    (one, name)
    for one in STAGES
    for name, found in registry.of(f"{one}_many").items()
    if found.unavailable() is None and found.partial is not None
]


def one_by_one(one: str) -> list[np.ndarray]:
    """What the reference gives, each image with its own draw."""
    draw, images = STAGES[one]
    reference = registry.variant(one, registry.stage(one).reference).function
    assert reference is not None
    return [reference(image, draw(SEED, index)) for index, image in enumerate(images)]


@pytest.mark.parametrize("one", STAGES)
def test_each_one_image_variant_has_its_twin(one: str) -> None:
    assert registry.of(f"{one}_many").keys() == registry.of(one).keys()


@pytest.mark.parametrize(("engine", "workers"), [("serial", 1), ("threads", 1), ("threads", 3)])
@pytest.mark.parametrize(("one", "name"), PARTIALS)
def test_an_engine_and_its_workers_change_nothing(one: str, name: str, engine: str, workers: int) -> None:
    with open_arm(f"{one}_many", ArmName(name, engine), workers) as call:
        assert Exact().difference(call(STAGES[one][1], SEED), one_by_one(one)) is None


@pytest.mark.parametrize("engine", ["threads", "shared_memory"])
def test_the_order_of_the_images_changes_nothing(engine: str) -> None:
    """Everything in the same workers' hands, so that a process has to import the libraries only once."""
    partials: dict[str, list[Any]] = {one: [] for one in STAGES}
    for one, name in PARTIALS:
        partials[one].append(registry.variant(f"{one}_many", name).partial)

    def all_of(one: str, image: np.ndarray, seed: int, index: int) -> list[np.ndarray]:
        return [partial(image, seed, index) for partial in partials[one]]

    tasks = [(one, STAGES[one][1][k], SEED, k) for k in (4, 0, 6, 2, 5, 1, 3) for one in STAGES]
    expected = {one: one_by_one(one) for one in STAGES}
    with open_engine(engine, all_of, 2, chunk=3) as opened:
        outcomes = list(opened.stream(tasks))
    assert [outcome.error for outcome in outcomes] == [None] * len(tasks)
    for outcome in outcomes:
        one, _, _, index = tasks[outcome.index]
        assert Exact().difference(outcome.value, [expected[one][index]] * len(partials[one])) is None, (one, index)


@pytest.mark.parametrize("one", STAGES)
def test_the_loop_of_the_arm_variant_gives_the_same(one: str) -> None:
    name = next(name for name, found in registry.of(f"{one}_many").items() if found.arm is not None)
    with open_arm(f"{one}_many", ArmName(name), 1) as call:
        assert Exact().difference(call(STAGES[one][1], SEED), one_by_one(one)) is None


@pytest.mark.parametrize("one", STAGES)
def test_workloads_are_of_the_size_that_their_name_says_and_all_different(one: str) -> None:
    (images,) = registry.stage(f"{one}_many").workload("16x512").build()
    assert {image.shape for image in images} == {(512, 512, 3)}
    assert len({image.tobytes() for image in images}) == len(images) == 16
