"""An arm: a variant, or a variant under an engine, made ready to be called."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from labkit.core.errors import UsageError
from labkit.core.registry import registry
from labkit.engines import split_arm


@dataclass(frozen=True)
class ArmName:
    """``variant`` or ``variant@engine``, as people write it."""

    variant: str
    engine: str | None = None

    @classmethod
    def parse(cls, text: str) -> ArmName:
        variant, at, engine = text.strip().partition("@")
        if not variant or (at and not engine):
            raise UsageError(f"arm {text!r}: give a variant, or variant@engine, such as native@threads")
        return cls(variant, engine or None)

    def __str__(self) -> str:
        return f"{self.variant}@{self.engine}" if self.engine else self.variant


@contextmanager
def open_arm(stage: str, name: ArmName, workers: int) -> Iterator[Callable[..., Any]]:
    """Make an arm ready: import what it requires, start its pool or connection, and yield the callable.

    Raises UsageError when the variant or engine is unknown, or the variant declares no partial for the stage's split.
    """
    variant = registry.variant(stage, name.variant)
    for module in variant.requires:
        importlib.import_module(module)
    if name.engine is None:
        if variant.arm is not None:
            with variant.arm() as call:
                yield call
        elif variant.function is not None:
            yield variant.function
        else:
            raise UsageError(f"variant {name} of stage {stage}: {variant.unavailable()}")
        return
    with split_arm(registry.stage(stage), variant, name.engine, workers) as call:
        yield call
