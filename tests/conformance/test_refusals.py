"""Every contract refuses what its annotations exclude, in one line that names the argument."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

from labkit.core.contract import Array, Drawn, Either, Image, OneOf, Real, Whole
from tests.conformance.variants import SINGLE, STAGES, arrays_in, edge_cases


def wrong_arrays(array: np.ndarray) -> Iterator[tuple[str, Any]]:
    yield "a list", array.tolist()
    yield "None", None
    yield "another dtype", array.astype("uint16" if array.dtype != np.uint16 else "uint8")
    yield "one dimension more", array[..., None]
    yield "no dimension", array.reshape(-1)[:1].reshape(())
    if array.ndim > 1:
        yield "one dimension", array.reshape(-1)
        yield "mirrored", np.concatenate([array, array], axis=1)[:, ::-1]
        yield "every other column", np.repeat(array, 2, axis=1)[:, ::2]
    else:
        yield "every other element", np.repeat(array, 2)[::2]


def wrong_for(taken: Any, value: Any) -> Iterator[tuple[str, Any]]:
    """Values that an annotation excludes, each with a name; ``value`` is one that it takes."""
    match taken:
        case Image() | Either():
            yield from wrong_arrays(value)
            yield "no rows", value[:0]
            yield "no columns", value[:, :0].copy()
            yield "two channels", np.zeros((8, 8, 2), np.uint8)
            images = taken.images if isinstance(taken, Either) else (taken,)
            least, most = min(image.least for image in images), max(image.most or 0 for image in images)
            if least > 1:
                yield "one row less than the least", np.zeros(images[0].shape(least - 1, 64), np.uint8)
            if most:
                yield "one column more than the most", np.zeros(images[0].shape(least, most + 1), np.uint8)
        case Array():
            yield from wrong_arrays(value)
        case Whole():
            yield "a float", float(value)
            yield "a bool", True
            yield "text", str(value)
            yield "None", None
            yield "below", taken.low - 1
            if taken.high is not None:
                yield "above", taken.high + 1
        case Real():
            yield "text", str(value)
            yield "a bool", True
            yield "not a number", float("nan")
            yield "without end", float("inf")
        case OneOf():
            yield "another", object()
        case Drawn():
            yield "a number", 3
            yield "None", None


@cache
def right(stage: str) -> dict[str, Any]:
    """Arguments that the stage takes, by name: the edge case with the most bytes, and the defaults."""
    cases = edge_cases(stage).values()
    inputs = max(cases, key=lambda inputs: sum(array.nbytes for array in arrays_in(inputs)))
    bound = STAGES[stage].signature.bind(*inputs)
    bound.apply_defaults()
    return bound.arguments


CASES = [
    (stage, parameter, name)
    for stage in SINGLE
    for parameter, taken in STAGES[stage].terms.takes.items()
    for name, _ in wrong_for(taken, right(stage)[parameter])
]


@pytest.mark.parametrize(("stage", "parameter", "case"), CASES)
def test_what_the_annotations_exclude_is_refused_in_one_line(stage: str, parameter: str, case: str) -> None:
    named = right(stage).copy()
    STAGES[stage].contract(**named)
    named[parameter] = dict(wrong_for(STAGES[stage].terms.takes[parameter], named[parameter]))[case]
    with pytest.raises((TypeError, ValueError), match=rf"^{parameter} (is|has) ") as refused:
        STAGES[stage].contract(**named)
    assert "\n" not in str(refused.value)


def test_every_stage_but_that_of_one_integer_says_what_it_takes_by_annotations() -> None:
    assert {stage for stage in SINGLE if not STAGES[stage].terms.takes} <= {"cumulative_sum"}
