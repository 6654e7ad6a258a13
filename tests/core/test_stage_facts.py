"""What a stage says of its inputs (floor_bytes, items) takes those that it names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from labkit.core.errors import UsageError
from labkit.core.stage import Stage, define_stage
from labkit.core.workload import Workload
from labkit.measure.probe import ExamTask

IMAGE = np.arange(96, dtype=np.uint8).reshape(8, 12)


def contract(image: np.ndarray, size: int = 5, gain: float = 2.0) -> None:
    """A picture and two numbers."""


def stage(**facts: Any) -> Stage:
    return define_stage(contract, reference="none", workloads=[Workload("one", lambda: (IMAGE,))], **facts)


@pytest.mark.parametrize(
    ("function", "value"),
    [
        (lambda image: image.nbytes, 96),
        (lambda size, image: image.nbytes + size, 101),
        (lambda image, *rest: image.nbytes + len(rest), 98),
        (lambda *inputs: len(inputs), 3),
        (lambda img: img.nbytes, 96),
        (lambda img, k: img.nbytes + k, 101),
        (lambda gain: gain, 2.0),
        (lambda image, *, gain: image.nbytes * gain, 192.0),
        (lambda image, other=7: image.nbytes + other, 101),
        (lambda: 11, 11),
        (lambda image, **more: image.nbytes, 96),
    ],
)
def test_it_is_called_with_just_the_parameters_that_it_names(function: Callable[..., Any], value: float) -> None:
    for fact in ("floor_bytes", "items"):
        assert getattr(stage(**{fact: function}), fact)(IMAGE, 5, 2.0) == value


def test_one_that_asks_for_more_than_there_is_is_told_at_once() -> None:
    with pytest.raises(UsageError, match=r"stage contract: floor_bytes takes \(a, b, c, d\); let it take some of the"):
        stage(floor_bytes=lambda a, b, c, d: 1)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda image: 1 // 0, "floor_bytes of stage contract raises ZeroDivisionError"),
        (lambda image: -5, "floor_bytes of stage contract gives -5; let it give a whole number of at least 1"),
        (lambda image: "many", "floor_bytes of stage contract raises TypeError"),
    ],
)
def test_an_error_in_it_costs_the_limit_alone_and_is_told(
    function: Callable[..., Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labkit.core.registry import registry, variant

    made = stage(floor_bytes=function)
    monkeypatch.setattr(registry, "stages", {**registry.stages, "contract": made})
    monkeypatch.setattr(registry, "variants", dict(registry.variants))
    monkeypatch.setattr(registry, "brought", list(registry.brought))
    variant("contract", "numpy", "none")(lambda image, size, gain: image // 2)
    found: dict[str, Any] = {}
    ExamTask("contract", "one", 1).run({}, found.__setitem__, lambda number: None)
    assert found["floor_bytes"] is None
    assert said in found["notes"][0]
    assert found["notes"][0].startswith("there is no limit to compare with: ")
