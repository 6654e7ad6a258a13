"""An exam: what a variant is asked, with the reference's answers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from labkit.core.agreement import rule_for
from labkit.core.other_content import laid_out, other_contents
from labkit.core.parts import PLAIN, arrays, copied, leaves, settled
from labkit.core.stage import Stage
from labkit.core.workload import Workload

MOST_PAIRS = 10_000
KEPT_TIMES, KEPT_BYTES = 8, 1 << 20  # an answer may keep so many times its own bytes, and so many more, from being free
NO_OTHER = "an answer that is remembered would go unnoticed"
SAY_OTHER = "give it other=, a function that gives such inputs: Workload({name!r}, build, other=...)"

BLOCK = 2**18  # bytes of an array that are compared at a time


@dataclass(frozen=True)
class Exam:
    """Inputs with the reference's answers: for the workload itself and for another content of the same sizes.

    ``other`` is None where there is none; ``notes`` then say why. Its paths may have to be laid out first
    (:func:`labkit.core.other_content.laid_out`). ``manners`` is how the reference hands over its own answer.
    """

    inputs: tuple[Any, ...]
    expected: Any
    other: tuple[Any, ...] | None = None
    other_expected: Any = None
    notes: tuple[str, ...] = ()
    manners: Manners | None = None


@dataclass(frozen=True)
class Manners:
    """How an answer is handed over: which of its arrays may not be written, and the bytes of all memory that they keep.

    ``shared`` names two of its arrays of which one can be changed by writing into the other; empty where there are none.
    """

    read_only: frozenset[str]
    given: int
    held: int
    shared: str = ""

    @classmethod
    def of(cls, output: Any) -> Manners:
        found = list(arrays(output))
        roots = {id(root): size for root, size in (_root(array) for _, array in found)}
        read_only = frozenset(where for where, array in found if array.size and not array.flags.writeable)
        return cls(read_only, sum(array.nbytes for _, array in found), sum(roots.values()), _overlap(found))

    def keeps_more_than(self, reference: Manners) -> bool:
        """Does it keep far more memory than it gives, and more than the reference does?"""
        return self.held > max(KEPT_TIMES * self.given, reference.held) + KEPT_BYTES


def _overlap(found: Sequence[tuple[str, np.ndarray]]) -> str:
    """The names of two arrays that share memory; of those that lie across each other only so many pairs are tried."""
    spans = sorted((*byte_bounds(array), number) for number, (_, array) in enumerate(found) if array.size)
    reaching: list[tuple[int, int]] = []  # end and number of those not yet passed
    tries = 0
    for start, end, number in spans:
        reaching = [other for other in reaching if other[0] > start]
        for _, other in reaching:
            if (tries := tries + 1) > MOST_PAIRS:
                return ""
            if np.shares_memory(found[number][1], found[other][1]):
                first, second = sorted((other, number))
                return f"output{found[first][0]} and output{found[second][0]}"
        reaching.append((end, number))
    return ""


def _root(array: np.ndarray) -> tuple[Any, int]:
    """Whose memory an array looks at, and how much of it there is, as far as it can be told."""
    root: Any = array
    while isinstance(root, np.ndarray) and root.base is not None:
        array, root = root, root.base
    if isinstance(root, np.ndarray):
        return root, root.nbytes
    try:
        return root, memoryview(root).nbytes
    except (TypeError, ValueError):
        return root, array.nbytes


def bind(stage: Stage, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The inputs completed by the contract's defaults, checked by the contract. Raises what the contract raises."""
    bound = inspect.signature(stage.contract).bind(*inputs)
    bound.apply_defaults()
    complete = tuple(bound.arguments.values())
    stage.contract(*complete)
    return complete


def prepare_exam(stage: Stage, workload: Workload, reference: Callable[..., Any]) -> Exam:
    """Build a workload's inputs and let the reference answer them, and another content: the workload's own, or one made up.

    Raises ValueError for an answer that does not agree with a copy of itself: nothing could be compared with it.
    """
    inputs = bind(stage, workload.build())
    answer = settled(reference(*copied(inputs)))
    manners, expected = Manners.of(answer), copied(answer)
    rule = rule_for(stage.agreement, inputs)
    if found := rule.difference(answer, expected):
        raise ValueError(
            f"the answer of the reference {stage.reference} does not agree with a copy of itself: {found}; let it give "
            f"arrays, numbers, texts or containers of these, or give the stage an agreement= of its own"
        )

    def another(content: tuple[Any, ...]) -> Any:
        """The reference's answer to it; None where it is the same."""
        with laid_out(content) as there:
            stage.contract(*there)
            there = copied(there)
            given = copied(settled(reference(*there)))
            same = rule_for(stage.agreement, there).difference(given, expected) is None
        return None if same else given

    if workload.other is not None:
        content = bind(stage, workload.other())
        if (given := another(content)) is not None:
            return Exam(inputs, expected, content, given, (), manners)
        why = f"{NO_OTHER}: other() of workload {workload.name} has the same answer; let it give another content"
        return Exam(inputs, expected, notes=(why,), manners=manners)
    for content in other_contents(inputs):
        if not changed(content, inputs):
            continue
        try:
            given = another(content)
        except Exception:
            continue  # the contract does not take it, or the reference
        if given is not None:
            return Exam(inputs, expected, content, given, (), manners)
    why = f"{NO_OTHER}: no other content of the inputs of workload {workload.name} was found that has another answer; "
    return Exam(inputs, expected, notes=(why + SAY_OTHER.format(name=workload.name),), manners=manners)


@contextmanager
def first_content(exam: Exam) -> Iterator[tuple[Any, ...]]:
    """What arms are warmed up on before the exam's inputs are timed: other content where there is some, else the inputs."""
    if exam.other is None:
        yield exam.inputs
    else:
        with laid_out(exam.other) as content:
            yield content


def short_exam(stage: Stage, workloads: Iterable[Workload], reference: Callable[..., Any]) -> Exam | None:
    """An exam on the first of these that is fit for one: other content can be made of its inputs, and has another answer."""
    for workload in workloads:
        try:
            exam = prepare_exam(stage, workload, reference)
        except Exception:
            continue
        if exam.other is not None:
            return exam
    return None


def changed(now: tuple[Any, ...], before: tuple[Any, ...]) -> str:
    """Where two sets of inputs differ, as text; empty when they hold the same, as far as it can be told of objects."""
    after, earlier = dict(leaves(now)), dict(leaves(before))
    for where in dict.fromkeys([*earlier, *after]):
        if where not in after or where not in earlier or _unlike(after[where], earlier[where]):
            return f" (argument {where})"
    return ""


def _unlike(now: Any, before: Any) -> bool:
    if isinstance(before, np.ndarray):
        same_kind = isinstance(now, np.ndarray) and (now.dtype, now.shape) == (before.dtype, before.shape)
        return not same_kind or not _same_bytes(now, before)
    return isinstance(before, PLAIN) and bool(now != before) and before == before


def _same_bytes(now: np.ndarray, before: np.ndarray) -> bool:
    """By blocks where they lie in one piece: the peak of a variant's memory is being watched meanwhile."""
    if now.dtype.hasobject or not (now.flags.c_contiguous and before.flags.c_contiguous) or not now.nbytes:
        return now.tobytes() == before.tobytes()
    here, there = (array.reshape(-1).view(np.uint8) for array in (now, before))
    return all(
        np.array_equal(here[start : start + BLOCK], there[start : start + BLOCK])
        for start in range(0, here.size, BLOCK)
    )


def refill(buffers: tuple[Any, ...], content: tuple[Any, ...]) -> None:
    """Write new content into the arrays that a variant has already seen, where shapes and dtypes allow it."""
    for (_, buffer), (_, fresh) in zip(arrays(buffers), arrays(content), strict=False):
        if buffer.shape == fresh.shape and buffer.dtype == fresh.dtype and buffer.flags.writeable:
            np.copyto(buffer, fresh)


def same_buffers(buffers: tuple[Any, ...], content: tuple[Any, ...]) -> bool:
    """Do the refilled buffers now stand for the new content, so that they can be passed instead of it?"""
    known = all(isinstance(leaf, (np.ndarray, *PLAIN)) for _, leaf in leaves(content))
    return known and not changed(buffers, content)
