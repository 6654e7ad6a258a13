"""A stage made of functions and of what they are called with; it then goes the way of every stage."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import cloudpickle

from labkit.core.agreement import Agreement, Difference, Exact, Within
from labkit.core.errors import UsageError
from labkit.core.registry import registry
from labkit.core.stage import Stage
from labkit.core.variant import RESERVED, Variant
from labkit.core.workload import Workload
from labkit.functions.inputs import workloads_of
from labkit.profiling.interpreted import python_form
from labkit.profiling.sources import is_own

Function = Callable[..., Any]


def stage_of(
    *functions: Function,
    on: Any = (),
    tolerance: float | Agreement | Callable[[Any, Any], Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    prepare: Callable[[], Any] | None = None,
    in_place: bool = False,
) -> str:
    """The name of a stage made of these functions, in place of an earlier one of that name; parameters as of :func:`compare`."""
    for function in functions:
        if isinstance(function, str):
            raise UsageError(f"{function!r} is the name of a run and the others are functions; give two of a kind")
        if not callable(function):
            raise TypeError(f"{function!r} is no function; give two or more functions, or the names of two runs")
    if len(functions) < 2:
        raise UsageError("compare needs two functions or more, the first of which says what is right")
    names = names_of(functions)
    workloads = {workload.name: workload for workload in workloads_of(on)}
    parameters = _parameters(functions[0], next(iter(workloads.values())), skip=prepare is not None)
    name = f"{names[0]} vs {names[1] if len(names) == 2 else f'{len(names) - 1} others'}"
    contract = _contract(parameters, f"{', '.join(names)}: functions compared as they are.")
    made = Stage(name, contract, names[0], workloads, agreement=_agreement(tolerance), in_place=in_place)
    variants = [
        _variant(name, own, function, dict(kwargs or {}), prepare)
        for own, function in zip(names, functions, strict=True)
    ]
    for variant in variants:
        _check_sendable(variant)
    registry.forget_stage(name)
    registry.add_stage(made, "functions")
    for variant in variants:
        registry.add_variant(variant)
    return name


def names_of(functions: Sequence[Function]) -> list[str]:
    """What each is called in a table: its own name; ``#2`` and so on behind those that come again."""
    seen: Counter[str] = Counter()
    found = []
    for function in functions:
        inner = innermost(function)
        name = getattr(inner, "__name__", type(inner).__name__)
        name = re.sub(r"[^\w.#]", "", name) or "function"
        name = f"{name}_" if name == RESERVED else name
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return found


def _parameters(function: Function, workload: Workload, *, skip: bool) -> list[str]:
    """Names for the arguments: those of the first function where it tells them."""
    inputs = workload.build()
    try:
        known = [
            name
            for name, parameter in inspect.signature(function).parameters.items()
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        ][skip:]
    except (TypeError, ValueError):
        known = []
    taken = known[: len(inputs)]
    return taken + [f"argument{number}" for number in range(len(taken) + 1, len(inputs) + 1)]


def _contract(parameters: Sequence[str], summary: str) -> Callable[..., None]:
    def contract(*inputs: Any) -> None:
        return None

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    contract.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in parameters])  # type: ignore[attr-defined]
    contract.__doc__ = summary
    return contract


def _variant(
    stage: str, name: str, function: Function, kwargs: dict[str, Any], prepare: Callable[[], Any] | None
) -> Variant:
    inner = innermost(function)
    whole = partial(function, **kwargs) if kwargs else function
    return Variant(
        stage,
        name,
        kind_of(inner),
        function=whole if prepare is None else None,
        arm=None if prepare is None else _Prepared(whole, prepare),
        origin=f"{getattr(inner, '__module__', None) or ''}:{getattr(inner, '__qualname__', name)}",
        summary=(inspect.getdoc(inner) or "").partition("\n")[0],
    )


def innermost(function: Any) -> Any:
    """What a partial, of whatever depth, is of; anything else as it is."""
    while isinstance(function, partial):
        function = function.func
    return function


def kind_of(function: Any) -> str:
    """``numba`` of a jitted function, ``library`` of one that is not one's own, ``python`` of any other."""
    if python_form(function) is not function:
        return "numba"
    plain = inspect.unwrap(getattr(function, "__func__", function))
    code = getattr(plain, "__code__", None) or getattr(vars(type(function)).get("__call__"), "__code__", None)
    return "python" if code is not None and is_own(code.co_filename) else "library"


@dataclass(frozen=True)
class _Prepared:
    """An arm: what ``prepare`` makes is the function's first argument."""

    function: Function
    prepare: Callable[[], Any]

    def __call__(self) -> AbstractContextManager[Function]:
        return self._open()

    @contextmanager
    def _open(self) -> Iterator[Function]:
        made = self.prepare()
        if hasattr(made, "__enter__") and hasattr(made, "__exit__"):
            with made as entered:
                yield partial(self.function, entered)
        else:
            yield partial(self.function, made)


def _agreement(tolerance: Any) -> Agreement:
    if tolerance is None:
        return Exact()
    if isinstance(tolerance, int | float) and not isinstance(tolerance, bool):
        return Within(float(tolerance))
    if hasattr(tolerance, "difference"):
        agreement: Agreement = tolerance
        return agreement
    if callable(tolerance):
        return Judged(tolerance)
    raise TypeError(f"tolerance is {tolerance!r}; give a number, a function of (output, expected), or an agreement")


@dataclass(frozen=True)
class Judged:
    """Agreement by a function of the user's: True where (output, expected) agree; it may raise AssertionError where not."""

    agree: Callable[[Any, Any], Any]

    def difference(self, output: Any, expected: Any) -> Difference | None:
        try:
            answer = self.agree(output, expected)
        except AssertionError as error:
            said = next(
                (line.strip() for line in str(error).splitlines() if line.strip()), "an assertion of its own fails"
            )
            return Difference("", f"does not agree: {said}")
        if answer is None or bool(answer):
            return None
        return Difference("", f"does not agree, says {getattr(self.agree, '__name__', 'the tolerance')}")


def _check_sendable(variant: Variant) -> None:
    try:
        cloudpickle.dumps(variant)
    except Exception as error:
        why = " ".join(str(error).split())
        raise UsageError(
            f"{variant.name} can't be sent to the processes that measure it: {why}; make what it holds there: prepare=…"
        ) from None
