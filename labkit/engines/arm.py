"""An arm: a variant, or a variant under an engine, made ready to be called."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from labkit.core.errors import UsageError
from labkit.core.parts import arrays, copied
from labkit.core.registry import registry
from labkit.engines import split_arm

SIZES = re.compile(r"([1-9]\d{0,3})(?:x([1-9]\d{0,5}))?")


@dataclass(frozen=True)
class ArmName:
    """``variant``, ``variant@engine``, ``variant@engine:WORKERS`` or ``variant@engine:WORKERSxCHUNK``, as people write it."""

    variant: str
    engine: str | None = None
    workers: int | None = None
    chunk: int | None = None

    @classmethod
    def parse(cls, text: str) -> ArmName:
        """Raises UsageError for what is none of the four."""
        variant, at, rest = text.strip().partition("@")
        engine, colon, sizes = rest.partition(":")
        if not variant or (at and not engine):
            raise UsageError(f"arm {text!r}: give a variant, or variant@engine, such as native@threads")
        found = SIZES.fullmatch(sizes)
        if colon and not found:
            raise UsageError(f"arm {text!r}: after the colon give WORKERS or WORKERSxCHUNK, such as native@chunks:4x16")
        if found is None:
            return cls(variant, engine or None)
        if engine == "serial" and (int(found[1]), found[2] or "1") != (1, "1"):
            raise UsageError(
                f"arm {text!r}: serial has one worker, which takes one task at a time; give {variant}@serial"
            )
        return cls(variant, engine, int(found[1]), int(found[2]) if found[2] else None)

    @property
    def under(self) -> str | None:
        """The engine with its numbers, as they were given; None for the variant alone."""
        if self.engine is None or self.workers is None:
            return self.engine
        return f"{self.engine}:{self.workers}" + (f"x{self.chunk}" if self.chunk else "")

    def __str__(self) -> str:
        return f"{self.variant}@{self.under}" if self.engine else self.variant


class OnCopies:
    """A call that may write into its inputs, handed copies of them.

    Its answer is what comes back; where nothing does, what the inputs that hold arrays have become.
    """

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call

    def __call__(self, *inputs: Any) -> Any:
        used = copied(inputs)
        output = self.call(*used)
        if output is not None:
            return output
        written = [value for value in used if next(arrays(value), None) is not None]
        return written[0] if len(written) == 1 else tuple(written)

    def __getattr__(self, name: str) -> Any:
        return getattr(vars(self)["call"], name)


@contextmanager
def open_arm(stage: str, name: ArmName, workers: int) -> Iterator[Callable[..., Any]]:
    """Make an arm ready: import what it requires, start its pool or connection, and yield the callable.

    An engine has ``workers`` workers unless the name says how many. Where the stage works in place the callable copies its
    inputs. Raises UsageError when the variant or engine is unknown or can not run here, or the variant declares no partial for
    the stage's split.
    """
    with _opened(stage, name, workers) as call:
        yield OnCopies(call) if registry.stage(stage).in_place else call


@contextmanager
def _opened(stage: str, name: ArmName, workers: int) -> Iterator[Callable[..., Any]]:
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
    with split_arm(registry.stage(stage), variant, name.engine, name.workers or workers, name.chunk) as call:
        yield call
