"""Cases drawn at random lie within the contract, are the same for a seed, and find what no workload has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import pytest

from labkit.core.agreement import Exact
from labkit.core.contract import BGR, BGRA, Grey, Image, Odd, OneOf, Real, SameShape, Whole
from labkit.core.drawn_cases import drawn_cases, many_alike
from labkit.core.gate import edge_case_fault
from labkit.core.stage import Stage, define_stage
from labkit.core.workload import Workload


def typed(
    image: Grey | BGR | BGRA,
    size: Annotated[int, Odd(3, 31)] = 5,
    gain: Annotated[float, Real(0.0, above=True)] = 1.5,
    mode: Annotated[str, OneOf(("a", "b"))] = "a",
    count: Annotated[int, Whole(1)] = 6,
    other: Any = None,
) -> SameShape:
    """A stage of which everything is said."""
    return image


def untyped(image: np.ndarray, mask: np.ndarray, name: str = "x") -> None:
    """A stage of which nothing is said."""


TYPED = define_stage(typed, reference="typed")
UNTYPED = define_stage(untyped, reference="untyped", workloads=[Workload("one", tuple)])
PAGE = np.random.default_rng(1).integers(0, 256, (120, 160, 4), np.uint8)
SEEDS = range(40)


def cases(stage: Stage, inputs: tuple[Any, ...] = (), seed: int = 0) -> dict[str, tuple[Any, ...]]:
    return dict(drawn_cases(stage, inputs, seed))


def test_all_lie_within_the_contract_and_have_names_of_their_own() -> None:
    for seed in SEEDS:
        found = cases(TYPED, seed=seed)
        assert len(found) == 12
        for inputs in found.values():
            TYPED.contract(*inputs)


def test_they_are_the_same_for_a_seed_and_others_for_another() -> None:
    first, again, other = (cases(TYPED, seed=seed) for seed in (3, 3, 4))
    assert first.keys() == again.keys() != other.keys()
    assert Exact().difference(list(first.values()), list(again.values())) is None
    assert all(name.startswith(f"drawn {number} of seed 3: image ") for number, name in enumerate(first, 1))


def test_over_some_runs_they_reach_what_a_contract_allows() -> None:
    drawn = [inputs for seed in SEEDS for inputs in cases(TYPED, seed=seed).values()]
    images, sizes, gains, modes, counts, _ = zip(*drawn, strict=True)
    assert {image.shape[2:] for image in images} == {(), (3,), (4,)}
    assert {3, 31} <= set(sizes)
    assert {"a", "b"} == set(modes)
    assert min(counts) == 1
    assert max(counts) > 50
    assert len(set(gains)) > 100
    alphas = [image[..., 3] for image in images if image.shape[2:] == (4,)]
    assert any((alpha == 0).all() for alpha in alphas)
    assert any(0 < (alpha == 255).mean() < 1 for alpha in alphas)
    assert any(max(image.shape[:2]) > 2**15 for image in images)
    assert all(image.nbytes < 2**20 for image in images)


def test_a_picture_keeps_the_least_and_most_that_its_contract_says() -> None:
    def small(image: Annotated[np.ndarray, Image(1, 8, 20)]) -> SameShape:
        """Small pictures."""
        return image

    stage = define_stage(small, reference="small")
    shapes = [inputs[0].shape for seed in SEEDS for inputs in cases(stage, seed=seed).values()]
    assert {side for shape in shapes for side in shape} <= set(range(8, 21))


def test_arrays_of_a_contract_that_says_nothing_are_cut_alike() -> None:
    mask = PAGE[..., 0].copy()
    shapes = set()
    for inputs in cases(UNTYPED, (PAGE, mask, "x")).values():
        image, cut, name = inputs
        assert image.shape[:2] == cut.shape
        assert image.shape[2] == 4
        assert name == "x"
        assert image.flags.c_contiguous
        shapes.add(cut.shape)
    assert len(shapes) > 5
    assert len({image[..., 3].min() for image, *_ in cases(UNTYPED, (PAGE, mask, "x"), 1).values()}) > 1


@pytest.mark.parametrize(
    "inputs",
    [
        (PAGE, np.eye(3)),
        (PAGE, [1, 2]),
        (np.eye(3),),
        (np.zeros((9, 4, 2)),),
        ("path.png",),
        (np.array([None] * 30),),
        (),
    ],
)
def test_what_can_not_be_cut_alike_is_left_alone(inputs: tuple[Any, ...]) -> None:
    assert cases(UNTYPED, inputs) == {}


def test_a_variant_that_is_wrong_beside_the_workloads_is_found_and_its_seed_is_told() -> None:
    def answered(stage: Stage, inputs: tuple[Any, ...], call: Callable[..., Any]) -> dict[str, Any]:
        return {name: (case, call(*case)) for name, case in drawn_cases(stage, inputs, 7)}

    expected = answered(TYPED, (), lambda image, *rest: image + 1)
    fault = edge_case_fault(lambda image, size, *rest: image + 1 + (size > 9), expected, Exact())
    assert "of seed 7: image " in str(fault)
    told: list[str] = []
    fault = edge_case_fault(lambda image, *rest: image[200], expected, Exact(), tell=told.append)
    assert fault is None
    assert "let its contract refuse them" in told[0]
    assert edge_case_fault(lambda image, *rest: None, expected, Exact(), within_s=-1.0) is None


def test_many_pixels_alike_can_not_be_counted_in_float32() -> None:
    (image,) = many_alike((PAGE,)) or ()
    assert image.shape == (4099, 4101, 4)
    assert image.base.nbytes == 1
    pixels = image.shape[0] * image.shape[1]
    assert int(np.float32(pixels)) != pixels
    assert many_alike((PAGE, PAGE)) is None
    assert many_alike((PAGE.astype(np.float32),)) is None
    assert many_alike(()) is None
