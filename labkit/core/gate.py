"""Right before fast: the calls by which a variant shows that it keeps its stage's contract.

Each check exists because the fault it catches has made a wrong variant look fast: an input changed in place (the next
variant then works on other data), an output that is a view of the input (nothing was computed yet), an answer
remembered from the call before (the clock then times a dictionary look-up). What is odd but right is told, no more: the order in
which an array lies, say. tests/gauntlet/attacks.py is the table of what gets caught, and by what.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from labkit.core.agreement import Agreement, rule_for
from labkit.core.askew import askew
from labkit.core.errors import NotOffered, one_line
from labkit.core.exam import Exam, Manners, changed, refill, same_buffers
from labkit.core.fault import Fault
from labkit.core.other_content import laid_out
from labkit.core.parts import arrays, copied, settled

Tell = Callable[[str], None]
MEANT = "; where that is meant, the stage says in_place=True"


def first_fault(
    call: Callable[..., Any],
    exam: Exam,
    agreement: Agreement,
    first_output: Any,
    used: tuple[Any, ...],
    short: Exam | None = None,
    tell: Tell = lambda note: None,
) -> Fault | None:
    """What is wrong with a variant whose first call on ``used`` (a copy of the exam's inputs) gave ``first_output``.

    Returns one line that says what differs and where, or None when every check holds. Where a call on the exam's inputs takes
    seconds, a ``short`` exam takes their place in all later calls, unless the variant declines its inputs. ``tell`` hears of
    what is no fault, but worth knowing.
    """
    rule = rule_for(agreement, exam.inputs)
    if place := changed(used, exam.inputs):
        return Fault(f"changes its input in place{place}{MEANT}", "changed_input")
    if found := rule.difference(first_output, exam.expected):
        return Fault(str(found))
    if fault := _handed_over(first_output, used, exam, tell):
        return Fault(fault, "lazy_view")
    fault_there = None
    if short is not None:
        again = copied(short.inputs)
        try:
            output = settled(call(*again))
        except NotOffered:
            short = None
        except Exception as error:
            return Fault(f"on a short input: raises {one_line(error)}")
        else:
            fault_there = first_fault(call, short, agreement, output, again)
    if fault_there is not None:
        return Fault(f"on a short input: {fault_there}", fault_there.key)
    if short is None and (fault_there := _later_fault(call, exam, agreement, first_output, used)) is not None:
        return fault_there
    if found := rule.difference(first_output, exam.expected):
        return Fault(f"a later call has written over the output of the first one: {found}", "memoised")
    return None


def _later_fault(
    call: Callable[..., Any], exam: Exam, agreement: Agreement, first_output: Any, used: tuple[Any, ...]
) -> Fault | None:
    """What is wrong with further calls: on the same buffers, on these with other content, on an equal copy."""
    rule = rule_for(agreement, exam.inputs)
    second_output = settled(call(*used))
    if found := rule.difference(second_output, exam.expected):
        return Fault(f"answers differently on the second call: {found}")
    if exam.other is not None:
        with laid_out(exam.other) as other:
            refill(used, other)
            answer = settled(call(*used) if same_buffers(used, other) else call(*copied(other)))
        found = rule_for(agreement, other).difference(answer, exam.other_expected)
        if found:
            remembered = rule.difference(answer, exam.expected) is None
            cause = "remembers the answer of the call before" if remembered else "differs on other content"
            return Fault(f"{cause} (same buffer, new content): {found}", "memoised" if remembered else "differs")
    if found := rule.difference(settled(call(*askew(exam.inputs))), exam.expected):
        return Fault(f"differs on an equal copy of the input, whose memory begins one element further: {found}")
    for (where, first), (_, second) in zip(arrays(first_output), arrays(second_output), strict=True):
        if np.shares_memory(first, second):
            return Fault(
                f"output{where} of the second call is that of the first: an answer remembered, or overwritten",
                "memoised",
            )
    return None


def edge_case_fault(
    call: Callable[..., Any],
    cases: Mapping[str, tuple[tuple[Any, ...], Any]],
    agreement: Agreement,
    within_s: float = math.inf,
    tell: Tell | None = None,
) -> str | None:
    """The first edge case on which a variant differs from the reference or raises; None when all agree.

    None more is begun when those before took ``within_s`` seconds. With ``tell``, what is raised is told, and no fault.
    """
    begun = time.perf_counter()
    for name, (inputs, expected) in cases.items():
        if time.perf_counter() - begun > within_s:
            break
        used = copied(inputs)
        try:
            output = settled(call(*used))
        except NotOffered:
            continue
        except Exception as error:
            said = f"edge case «{name}»: raises {one_line(error)}"
            if tell is None:
                return said
            tell(f"{said}; if the stage is not for such inputs, let its contract refuse them")
            return None
        found = rule_for(agreement, inputs).difference(output, expected)
        if found:
            return f"edge case «{name}»: {found}"
        if place := changed(used, inputs):
            return f"edge case «{name}»: changes its input in place{place}{MEANT}"
        if fault := _view_of_input(output, used):
            return f"edge case «{name}»: {fault}"
    return None


def _handed_over(output: Any, inputs: tuple[Any, ...], exam: Exam, tell: Tell) -> str | None:
    """What is wrong with the memory of an answer: whose it is, and whether it is an array's own at all.

    In which order it lies there is told, no more; so is what the reference does alike.
    """
    if fault := _view_of_input(output, inputs):
        return fault
    manners, own = exam.manners, Manners.of(output)
    expected = dict(arrays(exam.expected))
    for where, array in arrays(output):
        if array.size and any(step == 0 and side > 1 for step, side in zip(array.strides, array.shape, strict=True)):
            return f"output{where} is a lazy view: it repeats the same bytes (a stride is 0); return an array that is computed"
        if manners is not None and where in own.read_only - manners.read_only:
            return (
                f"output{where} may not be written (flags.writeable is False), that of the reference may; return a copy"
            )
        if not array.flags.aligned and where in expected and expected[where].flags.aligned:
            tell(f"output{where} begins at an address that is no multiple of its elements' size: C code may refuse it")
        if not array.flags.c_contiguous and where in expected and expected[where].flags.c_contiguous:
            order = "in Fortran order" if array.flags.f_contiguous else f"with strides {array.strides}"
            tell(
                f"output{where} is not C-contiguous ({order}): what goes through it row by row may take longer, and that time "
                f"is not in its figures"
            )
    if manners is not None and own.shared and not manners.shared:
        return (
            f"{own.shared} lie in the same memory, those of the reference do not: who writes into one changes the other; "
            f"return copies"
        )
    if manners is not None and own.keeps_more_than(manners):
        return (
            f"output keeps {own.held:,} bytes of memory for the {own.given:,} that it gives: it is a view of something "
            f"far larger; return a copy"
        )
    return None


def _view_of_input(output: Any, inputs: tuple[Any, ...]) -> str | None:
    results, given = list(arrays(output)), list(arrays(inputs))
    for number, source in _shared([array for _, array in results], [array for _, array in given]).items():
        where, place = results[number][0], given[source][0]
        return f"output{where} is a view of the input (argument {place}), not a result of its own{MEANT}"
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
