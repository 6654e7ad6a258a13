"""Right before fast: the calls by which a variant shows that it keeps its stage's contract.

Each check exists because the fault it catches has made a wrong variant look fast: an input changed in place (the next
variant then works on other data), an output that is a view of the input (nothing was computed yet), an answer
remembered from the call before (the clock then times a dictionary look-up).
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from labkit.core.agreement import Agreement, rule_for
from labkit.core.errors import NotOffered
from labkit.core.parts import arrays, elements
from labkit.core.stage import Stage
from labkit.core.workload import Workload

UNEVEN = 0xDB  # a bit pattern without symmetry: inverting these bits changes every channel, each half, and which pixels count
PLAIN = (str, bytes, bytearray, int, float, complex, set, frozenset, type(None), np.generic)


@dataclass(frozen=True)
class Exam:
    """Inputs with the reference's answers: for the workload itself and for another content of the same sizes."""

    inputs: tuple[Any, ...]
    expected: Any
    other: tuple[Any, ...]
    other_expected: Any


class Fault(str):
    """One line that says what is wrong; ``key`` says which check found it, for those who explain it.

    ``changed_input``, ``lazy_view``, ``memoised`` (an answer remembered, or its memory used again), else ``differs``.
    """

    key: str

    def __new__(cls, text: str, key: str = "differs") -> Fault:
        made = super().__new__(cls, text)
        made.key = key
        return made


def bind(stage: Stage, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The inputs completed by the contract's defaults, checked by the contract. Raises what the contract raises."""
    bound = inspect.signature(stage.contract).bind(*inputs)
    bound.apply_defaults()
    complete = tuple(bound.arguments.values())
    stage.contract(*complete)
    return complete


def other_inputs(workload: Workload, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Inputs of the same sizes and another content: the workload's own, or each uint8 array with its middle inverted.

    The first and last quarter stay: an answer remembered under the first row, say, is then the wrong one.
    """
    if workload.other is not None:
        return workload.other()
    changed = tuple(_inverted(v) if isinstance(v, np.ndarray) and v.dtype == np.uint8 else v for v in inputs)
    if all(a is b for a, b in zip(changed, inputs, strict=True)):
        raise ValueError(
            f"workload {workload.name} has no uint8 array: it must say other() inputs for the agreement gate"
        )
    return changed


def _inverted(array: np.ndarray) -> np.ndarray:
    changed = array.copy()
    flat = changed.reshape(-1)
    quarter = array.size // 4
    flat[quarter : array.size - quarter] ^= np.uint8(UNEVEN)
    return changed


def prepare_exam(stage: Stage, workload: Workload, reference: Callable[..., Any]) -> Exam:
    """Build a workload's inputs and let the reference answer both of its contents.

    Raises ValueError when both answers agree: a remembered answer would then go unnoticed.
    """
    inputs = bind(stage, workload.build())
    other = bind(stage, other_inputs(workload, inputs))
    expected, other_expected = (copy.deepcopy(reference(*copy.deepcopy(content))) for content in (inputs, other))
    if rule_for(stage.agreement, inputs).difference(other_expected, expected) is None:
        raise ValueError(f"workload {workload.name} has the same answer on other content: give it other() inputs")
    return Exam(inputs, expected, other, other_expected)


def short_exam(stage: Stage, workloads: Iterable[Workload], reference: Callable[..., Any]) -> Exam | None:
    """An exam on the first of these that is fit for one: other content can be made of its inputs, and has another answer."""
    for workload in workloads:
        try:
            return prepare_exam(stage, workload, reference)
        except Exception:
            continue
    return None


def first_fault(
    call: Callable[..., Any],
    exam: Exam,
    agreement: Agreement,
    first_output: Any,
    used: tuple[Any, ...],
    short: Exam | None = None,
) -> Fault | None:
    """What is wrong with a variant whose first call on ``used`` (a copy of the exam's inputs) gave ``first_output``.

    Returns one line that says what differs and where, or None when every check holds. Where a call on the exam's inputs takes
    seconds, a ``short`` exam takes their place in all later calls, unless the variant declines its inputs.
    """
    rule = rule_for(agreement, exam.inputs)
    found = rule.difference(first_output, exam.expected)
    if found:
        return Fault(str(found))
    if _changed(used, exam.inputs):
        return Fault(f"changes its input in place{_changed(used, exam.inputs)}", "changed_input")
    fault = _not_owned(first_output, used)
    if fault:
        return Fault(fault, "lazy_view")
    if short is not None:
        again = copy.deepcopy(short.inputs)
        try:
            output = call(*again)
        except NotOffered:
            pass
        except Exception as error:
            return Fault(f"on a short input: raises {type(error).__name__}: {error}")
        else:
            fault_there = first_fault(call, short, agreement, output, again)
            return Fault(f"on a short input: {fault_there}", fault_there.key) if fault_there else None
    second_output = call(*used)
    found = rule.difference(second_output, exam.expected)
    if found:
        return Fault(f"answers differently on the second call: {found}")
    refill(used, exam.other)
    answer = call(*used) if _same_buffers(used, exam.other) else call(*copy.deepcopy(exam.other))
    found = rule_for(agreement, exam.other).difference(answer, exam.other_expected)
    if found:
        remembered = rule.difference(answer, exam.expected) is None
        cause = "remembers the answer of the call before" if remembered else "differs on other content"
        return Fault(f"{cause} (same buffer, new content): {found}", "memoised" if remembered else "differs")
    found = rule.difference(call(*copy.deepcopy(exam.inputs)), exam.expected)
    if found:
        return Fault(f"differs on an equal copy of the input: {found}")
    for (where, first), (_, second) in zip(arrays(first_output), arrays(second_output), strict=True):
        if np.shares_memory(first, second):
            return Fault(
                f"output{where} of the second call is that of the first: an answer remembered, or overwritten",
                "memoised",
            )
    return None


def edge_case_fault(
    call: Callable[..., Any], cases: Mapping[str, tuple[tuple[Any, ...], Any]], agreement: Agreement
) -> str | None:
    """The first edge case on which a variant differs from the reference or raises; None when all agree."""
    for name, (inputs, expected) in cases.items():
        used = copy.deepcopy(inputs)
        try:
            output = call(*used)
        except NotOffered:
            continue
        except Exception as error:
            return f"edge case «{name}»: raises {type(error).__name__}: {error}"
        found = rule_for(agreement, inputs).difference(output, expected)
        if found:
            return f"edge case «{name}»: {found}"
        if _changed(used, inputs):
            return f"edge case «{name}»: changes its input in place{_changed(used, inputs)}"
        fault = _not_owned(output, used)
        if fault:
            return f"edge case «{name}»: {fault}"
    return None


def refill(buffers: tuple[Any, ...], content: tuple[Any, ...]) -> None:
    """Write new content into the arrays that a variant has already seen, where shapes and dtypes allow it."""
    for (_, buffer), (_, fresh) in zip(arrays(buffers), arrays(content), strict=False):
        if buffer.shape == fresh.shape and buffer.dtype == fresh.dtype:
            np.copyto(buffer, fresh)


def _same_buffers(buffers: tuple[Any, ...], content: tuple[Any, ...]) -> bool:
    """Do the refilled buffers now stand for the new content, so that they can be passed instead of it?"""
    known = all(isinstance(leaf, (np.ndarray, *PLAIN)) for _, leaf in _leaves(content))
    return known and not _changed(buffers, content)


def _changed(now: tuple[Any, ...], before: tuple[Any, ...]) -> str:
    """Where two sets of inputs differ, as text; empty when they hold the same, as far as it can be told of objects."""
    after, earlier = dict(_leaves(now)), dict(_leaves(before))
    for where in dict.fromkeys([*earlier, *after]):
        if where not in after or where not in earlier or _unlike(after[where], earlier[where]):
            return f" (argument {where})"
    return ""


def _leaves(value: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Everything inside nested inputs that is no list, tuple or dictionary, with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{where}[{key!r}]")
    elif isinstance(value, tuple | list):
        for name, inner in elements(value):
            yield from _leaves(inner, where + name)
    else:
        yield where, value


def _unlike(now: Any, before: Any) -> bool:
    if isinstance(before, np.ndarray):
        same_kind = isinstance(now, np.ndarray) and (now.dtype, now.shape) == (before.dtype, before.shape)
        return not same_kind or now.tobytes() != before.tobytes()
    return isinstance(before, PLAIN) and bool(now != before) and before == before


def _not_owned(output: Any, inputs: tuple[Any, ...]) -> str | None:
    results, given = list(arrays(output)), list(arrays(inputs))
    shared = _shared([array for _, array in results], [array for _, array in given])
    for number, (where, array) in enumerate(results):
        if number in shared:
            place, _ = given[shared[number]]
            return f"output{where} is a view of the input (argument {place}), not a result of its own"
        if array.size and not array.flags.c_contiguous:
            return f"output{where} is a lazy view (not C-contiguous); return an array that is computed"
    return None


def _shared(results: list[np.ndarray], inputs: list[np.ndarray]) -> dict[int, int]:
    """The number of each result that shares memory with an input, and the number of the first such input.

    One walk through all of them by address: only a result and an input whose bounds overlap are compared.
    """
    spans = [(*byte_bounds(array), False, number) for number, array in enumerate(results) if array.size]
    spans += [(*byte_bounds(array), True, number) for number, array in enumerate(inputs) if array.size]
    reaching: dict[bool, list[tuple[int, int]]] = {False: [], True: []}  # end and number of those not yet passed
    found: dict[int, int] = {}
    for start, end, is_input, number in sorted(spans):
        others = reaching[not is_input] = [other for other in reaching[not is_input] if other[0] > start]
        for _, other in others:
            result, source = (other, number) if is_input else (number, other)
            if np.shares_memory(results[result], inputs[source]):
                found[result] = min(source, found.get(result, source))
        reaching[is_input].append((end, number))
    return found
