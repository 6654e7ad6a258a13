"""Every variant of every stage gives the oracle's answer, leaves its inputs alone and hands out memory of its own."""

from __future__ import annotations

import time
from typing import Any

import cloudpickle
import numpy as np
import pytest

from labkit.core import registry
from labkit.core.agreement import Exact
from labkit.core.errors import NotOffered
from labkit.core.parts import arrays
from tests.conformance import inputs
from tests.conformance.trials import (
    Opened,
    answer,
    copied,
    difference,
    each_array,
    edge_cases,
    expected,
    given,
    some_cases,
    variants,
)

LEAST, MOST, SECONDS = 6, 100, 0.2  # of drawn inputs a variant: as many as there is time for


def kind_of(one: Any) -> str:
    return registry.variant(*one.values).kind


each_variant = pytest.mark.parametrize(("stage", "name"), variants())
of_one_item = pytest.mark.parametrize(("stage", "name"), variants(many=False))


@each_variant
def test_it_agrees_with_the_oracle_on_every_edge_case(stage: str, name: str, opened: Opened) -> None:
    function = opened(stage, name)
    for case, original in edge_cases(stage).items():
        registry.stage(stage).contract(*original)
        made = copied(original)
        assert difference(stage, case, function, made) is None
        assert Exact().difference(made, copied(original)) is None, f"{case}: changed its input"


@pytest.mark.parametrize(("stage", "name"), [one for one in variants() if inputs.can_draw(one.values[0])])
def test_it_agrees_with_the_oracle_on_drawn_inputs(stage: str, name: str, opened: Opened) -> None:
    function, seconds = opened(stage, name), 0.0
    for seed in range(MOST):
        registry.stage(stage).contract(*given(stage, seed))
        expected(stage, seed)
        began = time.perf_counter()
        assert difference(stage, seed, function) is None
        seconds += time.perf_counter() - began
        if seed >= LEAST and seconds > SECONDS:
            break


@of_one_item
def test_its_output_owns_its_memory_and_outlives_its_input(stage: str, name: str, opened: Opened) -> None:
    function = opened(stage, name)
    for case in some_cases(stage, 3):
        made = copied(given(stage, case))
        try:
            first, second = function(*made), function(*made)
        except NotOffered:
            continue
        kept = {where: array.copy() for where, array in arrays(first)}
        later = dict(arrays(second))
        for where, array in arrays(first):
            assert type(array) is np.ndarray
            assert array.flags.writeable, where
            assert array.flags.c_contiguous, where
            assert not np.shares_memory(array, later[where]), where
            assert not any(np.shares_memory(array, one) for _, one in arrays(made)), where
        for _, array in arrays(made):
            array.fill(0)
        for where, array in arrays(first):
            assert np.array_equal(array, kept[where]), where


def at_an_odd_address(array: np.ndarray) -> np.ndarray:
    """The same bytes one further on, and not to be written; floats stay where they are aligned."""
    start = array.itemsize == 1
    moved = np.zeros(array.nbytes + start, np.uint8)[start:].view(array.dtype).reshape(array.shape)
    moved[:] = array
    moved.flags.writeable = False
    return moved


@of_one_item
def test_it_takes_read_only_input_at_an_odd_address(stage: str, name: str, opened: Opened) -> None:
    function = opened(stage, name)
    for case in some_cases(stage, 4):
        assert difference(stage, case, function, each_array(at_an_odd_address, given(stage, case))) is None


@pytest.mark.parametrize(("stage", "name"), [one for one in variants(many=False) if kind_of(one) != "gpu"])
def test_it_may_be_called_by_keyword_and_with_defaults(stage: str, name: str, opened: Opened) -> None:
    function, signature = opened(stage, name), registry.stage(stage).signature
    (case,) = some_cases(stage, 1)
    names = list(signature.parameters)
    with_names = lambda *values: function(**dict(zip(names, values, strict=False)))  # noqa: E731
    assert difference(stage, case, with_names) is None
    defaults = [p.default for p in signature.parameters.values() if p.default is not p.empty]
    required = given(stage, case)[: len(names) - len(defaults)]
    try:
        short, full = function(*copied(required)), function(*copied(required), *defaults)
    except NotOffered:
        return
    assert Exact().difference(short, full) is None


WITH_PARTIAL = [one for one in variants() if registry.variant(*one.values).partial is not None]


@pytest.mark.parametrize(("stage", "name"), WITH_PARTIAL)
def test_its_parts_combined_are_the_whole_and_travel_small(stage: str, name: str, opened: Opened) -> None:
    function, split = opened(stage, name), registry.stage(stage).split
    partial: Any = registry.variant(stage, name).partial
    assert split is not None
    packed = cloudpickle.dumps(partial)
    assert len(packed) < 4000
    there = cloudpickle.loads(packed)
    for case in [*edge_cases(stage)][:6] + some_cases(stage, 3):
        inputs_here = given(stage, case)
        if (whole := answer(function, copied(inputs_here))) is None:
            continue
        for count in (1, 3, 64):
            results = [there(*part) for part in split.parts(count, *copied(inputs_here))]
            assert Exact().difference(split.combine(results, *inputs_here), whole) is None, f"{case} in {count}"
