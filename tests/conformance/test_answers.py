"""Every variant of every stage gives the right answer, as an output of its own, to inputs that stay as they were."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from labkit.core import Within
from labkit.core.errors import NotOffered
from tests.conformance.oracles import ORACLES, drawn
from tests.conformance.variants import (
    SINGLE,
    SLOW,
    SLOW_STAGES,
    STAGES,
    answer,
    arrays_in,
    edge_cases,
    opened,
    pairs,
)

each_variant = pytest.mark.parametrize(("stage", "name"), pairs())


def seeds(stage: str, name: str) -> range:
    """Few where a call takes long, many where it is quick."""
    return range(3 if stage in SLOW_STAGES else 6 if name in SLOW else 40)


@cache
def inputs_of(stage: str, case: str | int) -> tuple[Any, ...] | None:
    """Of an edge case, by its name; or drawn from a seed."""
    return edge_cases(stage)[case] if isinstance(case, str) else drawn(stage, case)


@cache
def expected(stage: str, case: str | int) -> tuple[Any, Any]:
    """The oracle's answer and tolerance; the reference's answer and None where there is no oracle."""
    inputs = inputs_of(stage, case) or ()
    if stage in ORACLES:
        return ORACLES[stage](*inputs)
    return answer(stage, STAGES[stage].reference, *inputs), None


def difference(stage: str, case: str | int, found: Any) -> str | None:
    """Between an answer and the right one, in words; None where there is none that matters."""
    right, tolerance = expected(stage, case)
    if tolerance is None:
        return str(STAGES[stage].agreement.difference(found, right) or "") or None
    if isinstance(right, np.ndarray) and right.dtype == np.float64:  # an oracle that does not round
        if found.dtype != np.uint8:
            return f"dtype {found.dtype}"
        found = found.astype(np.float64)
    return str(Within(tolerance).difference(found, right) or "") or None


@each_variant
def test_every_edge_case_has_the_right_answer_in_memory_of_its_own(stage: str, name: str) -> None:
    answered = 0
    for case, given in edge_cases(stage).items():
        STAGES[stage].contract(*given)
        before = [array.tobytes() for array in arrays_in(given)]
        found = answer(stage, name, *given)
        if found is NotOffered:
            continue
        answered += 1
        assert difference(stage, case, found) is None, f"{case}: {difference(stage, case, found)}"
        for array, copy in zip(arrays_in(given), before, strict=True):
            assert array.tobytes() == copy, f"{case}: the input is another afterwards"
        for array in arrays_in(found):
            assert array.flags.c_contiguous, case
            assert array.flags.writeable, case
            assert not any(np.shares_memory(array, one) for one in arrays_in(given)), case
    assert answered, "not one edge case is offered"


@each_variant
def test_drawn_inputs_have_the_right_answer(stage: str, name: str) -> None:
    if drawn(stage, 0) is None:
        assert stage == "decode", f"{stage} has neither annotations to draw from nor a line in DRAWN"
        return  # its files are drawn in tests/stages/test_decode.py
    for seed in seeds(stage, name):
        found = answer(stage, name, *(inputs_of(stage, seed) or ()))
        if found is not NotOffered:
            assert difference(stage, seed, found) is None, f"seed {seed}: {difference(stage, seed, found)}"


def moved(value: Any) -> Any:
    """An array as a read-only copy at an odd address, where its elements may lie there."""
    if not isinstance(value, np.ndarray):
        return value
    room = np.empty(value.nbytes + 64, np.uint8)
    shift = value.itemsize if value.itemsize > 1 else 1
    copy = room[shift : shift + value.nbytes].view(value.dtype).reshape(value.shape)
    copy[...] = value
    copy.flags.writeable = False
    return copy


def some(stage: str, name: str) -> list[str]:
    """The names of a few edge cases that the variant offers, spread over all."""
    cases = list(edge_cases(stage))
    return [
        c for c in cases[:: max(1, len(cases) // 6)] if answer(stage, name, *edge_cases(stage)[c]) is not NotOffered
    ]


@each_variant
def test_read_only_inputs_at_an_odd_address_are_taken(stage: str, name: str) -> None:
    for case in some(stage, name):
        given = tuple(map(moved, edge_cases(stage)[case]))
        found = opened(stage, name)(*given)
        assert difference(stage, case, found) is None, f"{case}: {difference(stage, case, found)}"


@each_variant
def test_arguments_may_be_named_and_defaults_left_out(stage: str, name: str) -> None:
    parameters, defaults = STAGES[stage].signature.parameters, STAGES[stage].terms.defaults
    for case in some(stage, name)[:3]:
        named = dict(zip(parameters, edge_cases(stage)[case], strict=False))
        assert difference(stage, case, opened(stage, name)(**named)) is None, case
        short = {key: value for key, value in named.items() if key not in defaults or defaults[key] is not value}
        assert difference(stage, case, opened(stage, name)(**short)) is None, case


@each_variant
def test_two_answers_share_no_memory_and_outlive_their_input(stage: str, name: str) -> None:
    for case in some(stage, name)[-1:]:
        given = tuple(one.copy() if isinstance(one, np.ndarray) else one for one in edge_cases(stage)[case])
        first, second = opened(stage, name)(*given), opened(stage, name)(*given)
        pairs_of_arrays = [(a, b) for a in arrays_in(first) for b in arrays_in(second)]
        assert not any(np.shares_memory(a, b) for a, b in pairs_of_arrays)
        for array in arrays_in(given):
            array[...] = 0
        assert difference(stage, case, first) is None, case


@pytest.mark.parametrize("stage", SINGLE)
def test_the_reference_is_among_those_tried(stage: str) -> None:
    assert (stage, STAGES[stage].reference) in pairs()
