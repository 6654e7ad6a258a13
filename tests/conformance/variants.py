"""Every variant of every stage of labkit that can run here, made ready to be called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any

import numpy as np

from labkit.core.errors import NotOffered
from labkit.core.registry import registry
from labkit.core.variant import Variant
from labkit.engines.arm import ArmName, open_arm

registry.discover()
STAGES = {name: stage for name, stage in registry.stages.items() if registry.origins[name].startswith("labkit.")}
SINGLE = [name for name, stage in STAGES.items() if stage.edge_cases() and not name.endswith("_many")]
COMPILED = ("numba", "cython", "native")
SLOW = {"python", "scipy_median", "pillow_median"}  # seconds where others take milliseconds
SLOW_STAGES = {"augment_documents", "augment_hybrid", "degrade_page"}


def runnable(stage: str, *kinds: str) -> list[str]:
    """The names of a stage's variants (of these kinds) that can run on this machine."""
    found = registry.of(stage).values()
    return [one.name for one in found if one.unavailable() is None and (not kinds or one.kind in kinds)]


def pairs(*kinds: str) -> list[tuple[str, str]]:
    """(stage, variant) of all single-input stages."""
    return [(stage, name) for stage in SINGLE for name in runnable(stage, *kinds)]


_OPEN = ExitStack()


@cache
def opened(stage: str, name: str) -> Callable[..., Any]:
    """The variant's callable; an arm stays open until :func:`close`."""
    found: Variant = registry.variant(stage, name)
    return found.function or _OPEN.enter_context(open_arm(stage, ArmName(name), 2))


def close() -> None:
    """End what arms have started."""
    opened.cache_clear()
    _OPEN.close()


@cache
def edge_cases(stage: str) -> dict[str, tuple[Any, ...]]:
    return dict(STAGES[stage].edge_cases())


def answer(stage: str, name: str, *inputs: Any) -> Any:
    """What the variant gives; NotOffered itself where it says that it can't do these inputs."""
    try:
        return opened(stage, name)(*inputs)
    except NotOffered:
        return NotOffered


def arrays_in(value: Any) -> Iterator[np.ndarray]:
    """All arrays in an input or an output, in order."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from arrays_in(one)
