"""A callable that stands for a function of another form: what it is called with, and who it says that it is."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from labkit.core.stage import Stage


@dataclass(frozen=True)
class Face:
    """The name, origin and signature under which a made variant is known; ``signature`` is the stage's."""

    name: str
    module: str
    summary: str
    signature: inspect.Signature

    @classmethod
    def of(cls, name: str, function: Callable[..., Any], stage: Stage) -> Face:
        """A variant called ``name``, made of ``function``, of this stage."""
        summary = (inspect.getdoc(function) or "").partition("\n")[0]
        return cls(name, function.__module__, summary, stage.signature)

    def put_on(self, made: Any) -> None:
        """Let an object be introspected as the function that it stands for."""
        made.__name__ = made.__qualname__ = self.name
        made.__module__, made.__doc__, made.__signature__ = self.module, self.summary, self.signature

    def complete(self, inputs: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        """All arguments in the order of the signature, with its defaults."""
        if not named and len(inputs) == len(self.signature.parameters):
            return inputs
        bound = self.signature.bind(*inputs, **named)
        bound.apply_defaults()
        return bound.args
