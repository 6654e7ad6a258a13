"""A variant: one implementation of a stage, of one kind."""

from __future__ import annotations

import importlib.util
import inspect
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from labkit.core.errors import UsageError, listed
from labkit.core.stage import KINDS, Stage

RESERVED = "limit"


@dataclass(frozen=True)
class Variant:
    """One implementation of a stage.

    ``function`` has the stage's signature. ``arm``, where given, replaces it by a context manager that makes the
    variant ready (starts a pool, compiles, connects) and yields the callable. ``partial`` maps one part of the
    stage's declared split to a partial result: with it the variant also runs under the engines, unless it is ``parallel``:
    on all cores by itself.
    ``requires`` names modules that must be importable; ``missing`` says why this machine can't run the variant.
    ``host`` is where code lives that can't be imported here; its kind is the affair of those who measure.
    """

    stage: str
    name: str
    kind: str
    function: Callable[..., Any] | None = None
    arm: Callable[[], AbstractContextManager[Callable[..., Any]]] | None = None
    partial: Callable[..., Any] | None = None
    parallel: bool = False
    requires: tuple[str, ...] = ()
    missing: Callable[[], str | None] | None = None
    origin: str = ""
    summary: str = ""
    host: Any = None

    def unavailable(self) -> str | None:
        """Why this variant can't run here, in one line; None when it can."""
        for module in self.requires:
            if importlib.util.find_spec(module.partition(".")[0]) is None:
                return f"needs the module {module}, which is not installed"
        return self.missing() if self.missing else None


def define_variant(function: Callable[..., Any], stage: str, kind: str, name: str | None, **facts: Any) -> Variant:
    """Make a Variant of a function (or of an arm's factory, given as ``arm=True``); raises UsageError for an unknown kind."""
    if kind not in KINDS:
        raise UsageError(f"variant {name or function.__name__}: unknown kind {kind!r}; kinds: {listed(KINDS)}")
    name = name or function.__name__
    if not name.isidentifier():
        raise UsageError(f"variant name {name!r} of stage {stage}: take letters, digits and underscores, no @ or comma")
    if name == RESERVED:
        raise UsageError(
            f"variant name {name!r} of stage {stage} is taken by the arm that measures the machine's limit"
        )
    is_arm = facts.pop("arm", False)
    return Variant(
        stage=stage,
        name=name,
        kind=kind,
        function=None if is_arm else function,
        arm=function if is_arm else None,
        origin=f"{function.__module__}:{getattr(function, '__qualname__', name)}",
        summary=facts.pop("summary", None) or _summary(function),
        requires=tuple(facts.pop("requires", ())),
        **facts,
    )


def check_signature(variant: Variant, stage: Stage) -> None:
    """Raise UsageError unless the variant can be called with the stage's inputs, in their order.

    What the contract gives a default has its name here too; the inputs before may have other names, as in ``f(img)``, and
    optional parameters of the variant's own may follow.
    """
    if variant.function is None:
        return  # an arm's callable is only known once the arm is up
    wanted = stage.signature.parameters
    found = _parameters(variant.function)
    if found is None:
        return
    names, fits = _in_order(variant.function, found, len(wanted))
    named_alike = all(
        own == name or (wanted[name].default is inspect.Parameter.empty and own not in wanted)
        for own, name in zip(names, wanted, strict=False)
    )
    if not (fits and named_alike):
        raise UsageError(
            f"variant {variant.name} takes ({', '.join(found)}), but stage {stage.name} asks for {stage.name}{stage.signature}"
        )


def with_partial(variant: Variant, stage: Stage) -> Variant:
    """The variant with the partial that its stage's split makes of its function, where it brings none itself."""
    split = stage.split
    if split is None or split.partial_of is None or variant.function is None or variant.partial or variant.parallel:
        return variant
    return replace(variant, partial=split.partial_of(variant.function))


def _parameters(function: Callable[..., Any]) -> list[str] | None:
    """Parameter names; of a compiled function without signature from its docstring, where pybind11 writes them.

    None where neither tells: a builtin, or an overloaded function, whose docstring begins ``f(*args, **kwargs)``.
    """
    try:
        return list(inspect.signature(function).parameters)
    except ValueError:
        head = re.match(r"\w+\((.*)\)(?: ->|$)", (function.__doc__ or "").partition("\n")[0])
    if head is None or "*args" in head.group(1):
        return None
    text = re.sub(r"'[^']*'|\"[^\"]*\"", "", head.group(1))  # a default may be a string with a comma
    while (inner := re.sub(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}", "", text)) != text:  # tuple[int, int], (1, 2)
        text = inner
    return [part.partition(":")[0].partition("=")[0].strip() for part in text.split(",") if part.strip(" */")]


def _in_order(function: Callable[..., Any], names: list[str], count: int) -> tuple[list[str], bool]:
    """The names of the parameters that take arguments by their place, and whether so many arguments can be given so."""
    try:
        own = inspect.signature(function)
    except ValueError:
        return names, len(names) == count
    placed = [p.name for p in own.parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    try:
        own.bind(*range(count))
    except TypeError:
        return placed, False
    return placed, True


def _summary(function: Callable[..., Any]) -> str:
    lines = (inspect.getdoc(function) or "").splitlines()
    return next((line for line in lines if line and not line.startswith(f"{getattr(function, '__name__', '')}(")), "")
