"""Every variant of every stage of labkit, ready to be called; those for a graphics card on torch's CPU device."""

from __future__ import annotations

import copy
import importlib.util
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import cache
from typing import Any
from unittest import mock

import numpy as np
import pytest

from labkit.core import registry
from labkit.core.agreement import rule_for
from labkit.core.errors import NotOffered
from labkit.engines.arm import ArmName, open_arm
from labkit.kinds.device import OnDevice
from tests.conformance import inputs, oracles

COMPILED = ("numba", "cython", "native")
ELSEWHERE = {
    ("cumulative_sum", "torch_arange"): "its function is given no tensor to tell the device: tests/stages tries its sum"
}
registry.discover()
STAGES = [name for name, stage in registry.stages.items() if stage.edge_cases()]


def variants(*kinds: str, many: bool = True) -> list[Any]:
    """Parameters (stage, name) of all variants of these kinds, of all where none is named."""
    return [
        pytest.param(stage, name, id=f"{stage}/{name}")
        for stage in STAGES
        for name, found in registry.of(stage).items()
        if (not kinds or found.kind in kinds)
        and (many or not stage.endswith("_many"))
        and (stage, name) not in ELSEWHERE
    ]


def missing(stage: str, name: str) -> str | None:
    """Why a variant can't be tried here; a graphics card is no reason."""
    found = registry.variant(stage, name)
    if found.kind != "gpu":
        return found.unavailable()
    return next(
        (f"{module} is not installed" for module in found.requires if not importlib.util.find_spec(module)), None
    )


class Opened:
    """Variants by stage and name, each made ready once."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._known: dict[tuple[str, str], Callable[..., Any]] = {}

    def __call__(self, stage: str, name: str) -> Callable[..., Any]:
        """The callable; skips the test where there is none here."""
        if (reason := missing(stage, name)) is not None:
            pytest.skip(reason)
        if (stage, name) not in self._known:
            self._known[stage, name] = self._stack.enter_context(open_arm(stage, ArmName(name), 2))
        return self._known[stage, name]


def opening(stack: ExitStack) -> Opened:
    """Variants that stay open until the stack ends; until then torch's CPU device takes the place of the others."""
    first, *others = OnDevice.__init__.__defaults__ or ()
    assert first == "cuda"
    stack.enter_context(mock.patch.object(OnDevice.__init__, "__defaults__", ("cpu", *others)))
    return Opened(stack)


edge_cases = cache(lambda stage: registry.stage(stage).edge_cases())
draw = cache(inputs.draw)


@cache
def expected(stage: str, case: str | int) -> Any:
    """The oracle's answer to an edge case, by name, or to what a seed draws."""
    return oracles.oracle(stage)(*copied(given(stage, case)))


def given(stage: str, case: str | int) -> tuple[Any, ...]:
    return draw(stage, case) if isinstance(case, int) else edge_cases(stage)[case]


def some_cases(stage: str, count: int) -> list[str | int]:
    """A few different cases: drawn, or edge cases where nothing draws."""
    cases: Iterable[str | int] = range(count) if inputs.can_draw(stage) else edge_cases(stage)
    return [*cases][:count]


def each_array(change: Callable[[np.ndarray], np.ndarray], value: Any) -> Any:
    """The same inputs with every array changed."""
    if isinstance(value, np.ndarray):
        return change(value)
    if type(value) in (tuple, list):
        return type(value)(each_array(change, one) for one in value)
    return value


copied = copy.deepcopy


def answer(function: Callable[..., Any], made: tuple[Any, ...]) -> Any:
    """What the variant gives; None where it says that it doesn't take such inputs."""
    try:
        return function(*made)
    except NotOffered:
        return None


def difference(stage: str, case: str | int, function: Callable[..., Any], made: Any = None) -> str | None:
    """How the variant's answer to a case differs from the oracle's; None too where it says that it doesn't take it."""
    found = answer(function, copied(given(stage, case)) if made is None else made)
    if found is None:
        return None
    said = rule_for(oracles.rule(stage), given(stage, case)).difference(found, expected(stage, case))
    return None if said is None else f"{'seed ' * isinstance(case, int)}{case}: {said}"
