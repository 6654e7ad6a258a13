"""An arm of a stage that works in place is handed copies, and answers with what they have become."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from labkit.core.exam import prepare_exam
from labkit.core.gate import first_fault
from labkit.core.parts import copied
from labkit.core.registry import registry, stage, variant
from labkit.core.workload import Workload
from labkit.engines.arm import ArmName, open_arm

IMAGE = np.arange(96, dtype=np.uint8).reshape(8, 12)


@pytest.fixture
def add(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes the stage ``invert`` with one variant ``mine``."""
    for name in ("stages", "variants", "origins"):
        monkeypatch.setattr(registry, name, dict(getattr(registry, name)))
    monkeypatch.setattr(registry, "brought", list(registry.brought))

    def made(function: Callable[..., Any], in_place: bool = True) -> None:
        def invert(image: Any) -> None:
            """The negative."""

        stage(reference="mine", workloads=[Workload("one", lambda: (IMAGE.copy(),))], in_place=in_place)(invert)
        variant("invert", "numpy", "mine")(function)

    return made


def invert_into(image: np.ndarray) -> np.ndarray:
    return np.subtract(255, image, out=image)


def invert_silently(image: np.ndarray) -> None:
    np.subtract(255, image, out=image)


@pytest.mark.parametrize("function", [invert_into, invert_silently])
def test_what_works_in_place_on_purpose_passes_where_the_stage_says_so(
    add: Callable[..., None], function: Callable[..., Any]
) -> None:
    add(function)
    own = registry.stage("invert")
    with open_arm("invert", ArmName("mine"), 1) as call:
        exam = prepare_exam(own, own.workload("one"), call)
        assert (exam.expected == 255 - IMAGE).all()
        image = IMAGE.copy()
        assert (call(image) == 255 - IMAGE).all()
        assert (image == IMAGE).all()
        assert first_fault(call, exam, own.agreement, call(image), (image,)) is None


def test_elsewhere_the_fault_says_how_to_declare_it(add: Callable[..., None]) -> None:
    add(lambda image: 255 - image, in_place=False)
    own = registry.stage("invert")
    with open_arm("invert", ArmName("mine"), 1) as call:
        exam = prepare_exam(own, own.workload("one"), call)
    used = copied(exam.inputs)
    fault = first_fault(invert_into, exam, own.agreement, invert_into(*used), used)
    assert fault is not None
    assert "changes its input in place" in fault
    assert "the stage says in_place=True" in fault


def test_a_call_on_copies_tells_what_the_call_tells() -> None:
    from labkit.engines.arm import OnCopies

    class Timed:
        device_seconds = 0.25

        def __call__(self, a: np.ndarray, b: np.ndarray) -> None:
            a += b

    call = OnCopies(Timed())
    assert call.device_seconds == 0.25
    assert not hasattr(call, "pid")
    first, second = call(np.ones(2), np.ones(2))
    assert (first.tolist(), second.tolist()) == ([2.0, 2.0], [1.0, 1.0])
