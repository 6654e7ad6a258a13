"""Many images from a one-image stage: what follows from its contract, and augment_many under the engines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NamedTuple

import cloudpickle
import numpy as np
import pytest

from labkit.core import BGR, Drawn, Exact, SameShape, Whole, registry
from labkit.core.derived import MANY
from labkit.core.many import OneImage
from labkit.core.registry import Registry
from labkit.core.stage import define_stage
from labkit.core.variant import define_variant
from labkit.engines.arm import ArmName, open_arm
from labkit.inputs.photographs import photograph
from labkit.stages.augment.draw import draw, orientation

STAGE = registry.stage("augment_many")
VARIANTS = registry.of("augment_many")
HERE = [name for name, found in VARIANTS.items() if found.unavailable() is None and found.partial is not None]
IMAGES = [photograph(k, 40 + 7 * k, 90 - 9 * k) for k in range(7)]


def one_by_one(name: str, seed: int) -> list[np.ndarray]:
    """What the one-image variant gives, each image with its own draw."""
    function = registry.variant("augment", name).function
    assert function is not None
    return [function(image, draw(seed, index)) for index, image in enumerate(IMAGES)]


def test_every_one_image_variant_has_its_twin_of_the_same_kind() -> None:
    single = registry.of("augment")
    assert {name: found.kind for name, found in VARIANTS.items()} == {name: v.kind for name, v in single.items()}
    assert STAGE.reference == registry.stage("augment").reference


@pytest.mark.parametrize("name", HERE)
def test_a_variant_gives_each_image_what_its_own_draw_says_in_order(name: str) -> None:
    function = VARIANTS[name].function
    assert function is not None
    assert Exact().difference(function(IMAGES, 3), one_by_one(name, 3)) is None


@pytest.mark.parametrize("engine", ["serial", "threads", "processes"])
@pytest.mark.parametrize("workers", [1, 3])
def test_an_engine_and_its_workers_change_nothing(engine: str, workers: int) -> None:
    with open_arm("augment_many", ArmName("cv2", engine), workers) as call:
        for seed in (0, 3):
            assert Exact().difference(call(IMAGES, seed), one_by_one("cv2", seed)) is None


@pytest.mark.parametrize("name", HERE)
def test_a_partial_travels_small_and_works_the_same_where_it_arrives(name: str) -> None:
    partial = VARIANTS[name].partial
    packed = cloudpickle.dumps(partial)
    assert len(packed) < 1000  # by reference, not by value
    assert partial is not None
    assert np.array_equal(cloudpickle.loads(packed)(IMAGES[2], 5, 2), partial(IMAGES[2], 5, 2))


@pytest.mark.parametrize("name", HERE)
def test_the_same_seed_gives_the_same_outputs_and_another_seed_others(name: str) -> None:
    function = VARIANTS[name].function
    assert function is not None
    assert Exact().difference(function(IMAGES, 1), function(IMAGES, 1)) is None
    assert Exact().difference(function(IMAGES, 1), function(IMAGES, 2)) is not None


def test_two_places_in_the_list_draw_differently() -> None:
    same = [photograph(0, 30, 30)] * 40
    function = VARIANTS["cv2"].function
    assert function is not None
    drawn = [draw(0, index) for index in range(40)]
    assert len({made.tobytes() for made in function(same, 0)}) == len({(orientation(each), each[2:]) for each in drawn})


def test_a_part_is_one_image_however_many_workers_there_are() -> None:
    assert STAGE.split is not None
    for count in (1, 2, 100):
        made = STAGE.split.parts(count, IMAGES, 9)
        assert [part[1:] for part in made] == [(9, index) for index in range(len(IMAGES))]
        assert all(part[0] is image for part, image in zip(made, IMAGES, strict=True))


@pytest.mark.parametrize("case", STAGE.edge_cases())
def test_the_reference_keeps_the_contract_on_every_edge_case(case: str) -> None:
    images, seed = STAGE.edge_cases()[case]
    STAGE.contract(images, seed)
    reference = VARIANTS[STAGE.reference].function
    assert reference is not None
    assert len(reference(images, seed)) == len(images)


@pytest.mark.parametrize("name", STAGE.workloads)
def test_a_workload_holds_different_images_of_one_size_and_its_other_has_others(name: str) -> None:
    count, height, width = MANY[name]
    (images,), (others,) = STAGE.workloads[name].build(), STAGE.workloads[name].other()
    assert {image.shape for image in images + others} == {(height, width, 3)}
    assert len({image.tobytes() for image in images + others}) == 2 * count


def test_items_and_floor_are_sums_over_the_images() -> None:
    assert STAGE.items is not None
    assert STAGE.floor_bytes is not None
    assert STAGE.items(IMAGES, 0) == 7
    assert STAGE.floor_bytes(IMAGES, 0) == 2 * sum(image.nbytes for image in IMAGES)


WRONG: dict[str, tuple[tuple[Any, ...], type[Exception], str]] = {
    "an array": ((np.zeros((2, 4, 4, 3), np.uint8),), TypeError, "images is a ndarray; give a list"),
    "no image inside": (([IMAGES[0], None],), TypeError, r"images\[1\] is a NoneType"),
    "grey inside": (([IMAGES[0], IMAGES[1][..., 0]],), ValueError, r"images\[1\]: image is uint8"),
    "negative seed": ((IMAGES, -1), ValueError, "seed is -1"),
    "seed 1.5": ((IMAGES, 1.5), TypeError, "seed is a float"),
    "seed True": ((IMAGES, True), TypeError, "seed is a bool"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_refused_in_one_line_that_says_which_image(case: str) -> None:
    inputs, error, text = WRONG[case]
    with pytest.raises(error, match=text) as caught:
        STAGE.contract(*inputs)
    assert "\n" not in str(caught.value)


# A toy stage of one's own


class Shift(NamedTuple):
    by: int


def draw_shift(seed: int, index: int, shape: tuple[int, ...]) -> Shift:
    return Shift(seed + 10 * index + shape[1])


def shifted(image: np.ndarray, choices: Shift, times: int = 1) -> np.ndarray:
    return image + np.uint8(times * choices.by)


@contextmanager
def shifting() -> Iterator[Any]:
    yield shifted


def takes_choices(  # type: ignore[empty-body]
    image: BGR, choices: Annotated[Shift, Drawn(Shift, draw_shift)], times: Annotated[int, Whole(1)] = 1
) -> SameShape:
    """Shift every value."""


def takes_image(image: BGR) -> SameShape:  # type: ignore[empty-body]
    """Leave every value."""


@pytest.fixture
def own() -> Registry:
    """A registry with two toy stages in place of labkit's."""
    made = Registry()
    made._state = "ready"
    for contract in (takes_choices, takes_image):
        made.add_stage(define_stage(contract, reference="plain"), "here")
    made.add_variant(define_variant(shifted, "takes_choices", "numpy", "plain"))
    made.add_variant(define_variant(shifting, "takes_choices", "gpu", "warm", arm=True))
    made.add_variant(define_variant(shifted, "takes_choices", "native", "absent", missing=lambda: "not built"))
    made.add_variant(define_variant(lambda image: image.copy(), "takes_image", "numpy", "plain"))
    return made


def test_a_draw_may_ask_for_the_shape_of_the_image(own: Registry) -> None:
    function = own.variant("takes_choices_many", "plain").function
    assert function is not None
    images = [np.zeros((2, 3, 3), np.uint8), np.zeros((2, 5, 3), np.uint8)]
    assert [int(made.max()) for made in function(images, seed=1)] == [1 + 3, 1 + 10 + 5]


def test_parameters_of_the_stage_are_those_of_many(own: Registry) -> None:
    stage, found = own.stage("takes_choices_many"), own.variant("takes_choices_many", "plain")
    assert list(stage.signature.parameters) == ["images", "times", "seed"]
    images = [np.zeros((2, 3, 3), np.uint8), np.zeros((2, 5, 3), np.uint8)]
    assert found.function is not None
    assert [int(made.max()) for made in found.function(images, 2, 1)] == [2 * (1 + 3), 2 * (1 + 10 + 5)]
    assert found.partial is not None
    assert stage.split is not None
    made = stage.split.combine([found.partial(*part) for part in stage.split.parts(1, images, 2, 1)], images, 2, 1)
    assert Exact().difference(made, found.function(images, 2, 1)) is None
    with pytest.raises(ValueError, match=r"images\[0\]: times is 0"):
        stage.contract(images, 0, 1)
    assert "times : as in ``takes_choices``" in (stage.contract.__doc__ or "")


def test_a_stage_without_choices_needs_no_draw(own: Registry) -> None:
    function = own.variant("takes_image_many", "plain").function
    assert function is not None
    assert Exact().difference(function(IMAGES), IMAGES) is None


def test_a_variant_that_must_be_opened_stays_open_over_the_images(own: Registry) -> None:
    found = own.variant("takes_choices_many", "warm")
    assert found.partial is None
    assert found.arm is not None
    plain = own.variant("takes_choices_many", "plain").function
    assert plain is not None
    with found.arm() as call:
        assert Exact().difference(call(IMAGES, 1, 4), plain(IMAGES, 1, 4)) is None


def test_a_variant_that_can_not_run_here_says_why_for_many_images_too(own: Registry) -> None:
    assert own.variant("takes_choices_many", "absent").unavailable() == "not built"


def test_one_image_draws_as_the_list_does() -> None:
    found = registry.variant("augment", "cv2").function
    assert found is not None
    work = OneImage(found, registry.stage("augment").terms.drawn)
    assert np.array_equal(work(IMAGES[3], 2, 3), one_by_one("cv2", 2)[3])
