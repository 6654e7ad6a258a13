"""Stages augment_documents and augment_hybrid: same seed and index, same page, whatever ran before, and no trace left.

One answer under every engine, however many workers, in whatever order.
"""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

if any(importlib.util.find_spec(name) is None for name in ("albumentations", "augraphy")):
    pytest.skip("albumentations or augraphy is not installed", allow_module_level=True)

import numba

from labkit.core import Exact, UsageError, registry
from labkit.core.global_state import isolated, seed_globals
from labkit.engines import open_engine
from labkit.engines.arm import ArmName, open_arm
from labkit.inputs.pages import paragraphs
from labkit.pipelines.augment_hybrid import library as libraries
from labkit.pipelines.augment_hybrid import workloads as hybrid_workloads
from labkit.pipelines.augment_hybrid.draw import PHASES as HYBRID_PHASES
from labkit.pipelines.augment_hybrid.draw import HybridChoices
from labkit.pipelines.augment_hybrid.draw import draw as draw_hybrid
from labkit.stages.augment_documents import library, workloads
from labkit.stages.augment_documents.draw import PHASES as DOCUMENT_PHASES
from labkit.stages.augment_documents.draw import Choices, Operation
from labkit.stages.augment_documents.draw import draw as draw_document
from labkit.stages.augment_documents.operations import BUILDERS
from tests.stages.test_augment_documents import traces

SEED = 6
PAGE = paragraphs(96, 80)


class Aging(NamedTuple):
    """What the two stages have in common, each by its own name for it."""

    draw: Callable[[int, int], Any]
    phases: dict[str, Any]
    everything: Callable[..., Any]
    reference: Callable[..., np.ndarray]
    choose: Callable[[Choices, int], Any]
    """The stage's choices of these operations."""


STAGES = {
    "augment_documents": Aging(
        draw_document, DOCUMENT_PHASES, workloads.everything, library.augraphy, lambda choices, seed: choices
    ),
    "augment_hybrid": Aging(
        draw_hybrid,
        HYBRID_PHASES,
        hybrid_workloads.everything,
        libraries.libraries,
        lambda choices, seed: HybridChoices(seed, choices),
    ),
}
VARIANTS = [
    pytest.param(stage, name, id=f"{stage}/{name}")
    for stage in STAGES
    for name, found in registry.of(stage).items()
    if found.unavailable() is None
]
OTHERS = [one for one in VARIANTS if one.values[1] != registry.stage(one.values[0]).reference]
PARTIALS = [
    (stage, name)
    for stage in STAGES
    for name, found in registry.of(f"{stage}_many").items()
    if found.unavailable() is None and found.partial is not None
]
CASES = [(stage, case) for stage in STAGES for case in registry.stage(stage).edge_cases()]
each_stage = pytest.mark.parametrize("stage", STAGES)
each_variant = pytest.mark.parametrize(("stage", "name"), VARIANTS)


@pytest.fixture(scope="module")
def variant() -> Any:
    with ExitStack() as stack:
        yield cache(lambda stage, name: stack.enter_context(open_arm(stage, ArmName(name), 1)))


# The draw


@each_stage
def test_a_draw_depends_on_seed_and_index_alone_and_seed_0_is_one_like_any_other(stage: str) -> None:
    draw = STAGES[stage].draw
    random.seed(1)
    first = [draw(0, 1), draw(3, 5)]
    random.seed(2)
    assert [draw(0, 1), draw(3, 5)] == first
    assert draw(0, 1) != draw(1, 1)
    with pytest.raises(UsageError, match="index is -1"):
        draw(0, -1)


@each_stage
def test_no_two_images_of_a_run_and_no_two_operations_share_a_seed(stage: str) -> None:
    choices = [STAGES[stage].draw(0, index) for index in range(200)]
    seeds = [one.camera for one in choices if stage == "augment_hybrid"]
    seeds += [operation.seed for one in choices for phase in getattr(one, "document", one) for operation in phase]
    assert len(seeds) > 500
    assert len(set(seeds)) == len(seeds)


# The page


@each_variant
def test_the_same_choices_give_the_same_page_whatever_was_drawn_before(stage: str, name: str, variant: Any) -> None:
    everything, aged = STAGES[stage].everything, variant(stage, name)
    first = aged(PAGE.copy(), everything(3))
    random.random(), np.random.random(1000)  # noqa: NPY002
    aged(PAGE.copy(), everything(4))
    assert np.array_equal(first, aged(PAGE.copy(), everything(3)))


@pytest.mark.parametrize(("stage", "name"), OTHERS)
def test_a_variant_gives_what_the_libraries_give_for_each_operation_alone(stage: str, name: str, variant: Any) -> None:
    for phase, contents in STAGES[stage].phases.items():
        for drawing in (each for _, candidates in contents for each in candidates):
            for seed in range(3):
                operation = Operation(drawing.__name__, seed, drawing(np.random.default_rng(seed)))
                choices = STAGES[stage].choose(Choices((), (), ())._replace(**{phase: (operation,)}), seed)
                image = paragraphs(140 + 7 * seed, 121, seed)
                expected = STAGES[stage].reference(image.copy(), choices)
                assert np.array_equal(variant(stage, name)(image.copy(), choices), expected), operation


@pytest.mark.parametrize(("stage", "case"), CASES)
def test_a_page_of_any_size_comes_back_in_its_own_shape_or_turned(stage: str, case: str) -> None:
    image, choices = registry.stage(stage).edge_cases()[case]
    aged = STAGES[stage].reference(image.copy(), choices)
    assert aged.shape in (
        image.shape,
        (image.shape[1], image.shape[0], 3) if stage == "augment_hybrid" else image.shape,
    )
    assert aged.dtype == np.uint8


@each_stage
def test_different_indices_give_different_pages(stage: str) -> None:
    aged = [STAGES[stage].reference(PAGE.copy(), STAGES[stage].draw(1, index)) for index in range(12)]
    assert len({page.tobytes() for page in aged}) == 12
    assert {page.shape[:2] for page in aged} == ({(96, 80), (80, 96)} if stage == "augment_hybrid" else {(96, 80)})


# What is left behind


@pytest.mark.parametrize("jit_disabled", [False, True])
@each_variant
def test_a_call_leaves_no_trace(
    stage: str, name: str, jit_disabled: bool, variant: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(numba.config, "DISABLE_JIT", jit_disabled)
    before = traces()
    variant(stage, name)(PAGE.copy(), STAGES[stage].everything())
    assert traces() == before


@each_variant
def test_a_call_that_raises_leaves_no_trace(
    stage: str, name: str, variant: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bleed, _, post = workloads.everything()
    broken = Operation("jpeg", 9, {"quality": "best"})  # type: ignore[dict-item]
    before = traces()
    with pytest.raises((TypeError, ValueError)):
        variant(stage, name)(PAGE.copy(), STAGES[stage].choose(Choices(bleed, (), (*post, broken)), 0))
    assert traces() == before


@each_variant
def test_numba_draws_go_on_where_they_were(stage: str, name: str, variant: Any) -> None:
    with isolated():
        seed_globals(5)
        expected = [_numba_draw() for _ in range(3)]
        seed_globals(5)
        found = [_numba_draw()]
        variant(stage, name)(PAGE.copy(), STAGES[stage].everything())
        found += [_numba_draw() for _ in range(2)]
    assert found == expected


@numba.njit
def _numba_draw() -> float:
    return random.random()


@pytest.mark.parametrize(
    ("stage", "choices", "error", "text"),
    [
        ("augment_documents", Choices((Operation("melt", 0, {}),), (), ()), UsageError, "melt"),
        ("augment_hybrid", draw_document(0, 0), TypeError, "HybridChoices"),
        ("augment_hybrid", draw_hybrid(0, 0)._replace(camera=-1), UsageError, "camera is -1"),
        ("augment_hybrid", HybridChoices(0, Choices((Operation("melt", 0, {}),), (), ())), UsageError, "melt"),
    ],
)
def test_the_contract_refuses_other_choices(stage: str, choices: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        registry.stage(stage).contract(PAGE, choices)


def test_every_operation_that_can_be_drawn_can_be_built() -> None:
    for stage in STAGES.values():
        drawn = {each.__name__ for contents in stage.phases.values() for _, some in contents for each in some}
        assert drawn <= set(BUILDERS)


# Many


@cache
def pictures(stage: str) -> list[np.ndarray]:
    """Seven of those that the workloads of many are made of, each of another size."""
    found = registry.stage(stage)
    assert found.many is not None
    return [found.many.images(found.terms.images[0], k, 1, 60 + 5 * k, 96 - 6 * k)[0] for k in range(7)]


@cache
def one_by_one(stage: str) -> list[np.ndarray]:
    """What the reference gives, each image with its own draw."""
    draw, reference = STAGES[stage].draw, STAGES[stage].reference
    return [reference(image.copy(), draw(SEED, index)) for index, image in enumerate(pictures(stage))]


@each_stage
def test_each_one_image_variant_has_its_twin(stage: str) -> None:
    assert registry.of(f"{stage}_many").keys() == registry.of(stage).keys()


@pytest.mark.parametrize(("engine", "workers"), [("serial", 1), ("threads", 1), ("threads", 3)])
@pytest.mark.parametrize(("stage", "name"), PARTIALS)
def test_an_engine_and_its_workers_change_nothing(stage: str, name: str, engine: str, workers: int) -> None:
    with open_arm(f"{stage}_many", ArmName(name, engine), workers) as call:
        assert Exact().difference(call(pictures(stage), SEED), one_by_one(stage)) is None


@pytest.mark.parametrize("engine", ["threads", "shared_memory"])
def test_the_order_of_the_images_changes_nothing(engine: str) -> None:
    """Everything in the same workers' hands, so that a process has to import the libraries only once."""
    partials: dict[str, list[Any]] = {stage: [] for stage in STAGES}
    for stage, name in PARTIALS:
        partials[stage].append(registry.variant(f"{stage}_many", name).partial)

    def all_of(stage: str, image: np.ndarray, seed: int, index: int) -> list[np.ndarray]:
        return [partial(image, seed, index) for partial in partials[stage]]

    tasks = [(stage, pictures(stage)[k], SEED, k) for k in (4, 0, 6, 2, 5, 1, 3) for stage in STAGES]
    with open_engine(engine, all_of, 2, chunk=3) as opened:
        outcomes = list(opened.stream(tasks))
    assert [outcome.error for outcome in outcomes] == [None] * len(tasks)
    for outcome in outcomes:
        stage, _, _, index = tasks[outcome.index]
        expected = [one_by_one(stage)[index]] * len(partials[stage])
        assert Exact().difference(outcome.value, expected) is None, (stage, index)


@each_stage
def test_the_loop_of_the_arm_variant_gives_the_same(stage: str) -> None:
    name = next(name for name, found in registry.of(f"{stage}_many").items() if found.arm is not None)
    with open_arm(f"{stage}_many", ArmName(name), 1) as call:
        assert Exact().difference(call(pictures(stage), SEED), one_by_one(stage)) is None


@each_stage
def test_workloads_are_of_the_size_that_their_name_says_and_all_different(stage: str) -> None:
    (images,) = registry.stage(f"{stage}_many").workload("16x512").build()
    assert {image.shape for image in images} == {(512, 512, 3)}
    assert len({image.tobytes() for image in images}) == len(images) == 16
