"""The gate: a variant that is wrong in any of the ways that make one look fast is caught before it is timed."""

import functools
import hashlib
import itertools
import tracemalloc
from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np
import pytest

from labkit.core.agreement import Exact, OutsideMask
from labkit.core.errors import NotOffered
from labkit.core.exam import bind, prepare_exam, short_exam
from labkit.core.exam import changed as place_of_change
from labkit.core.gate import edge_case_fault, first_fault
from labkit.core.stage import Stage, define_stage
from labkit.core.workload import Workload


class Answer(NamedTuple):
    """Most frequent values (ties by value), their counts, the negative, the left half, and the mean."""

    values: Any
    counts: Any
    negative: Any
    top: Any
    mean: Any


def contract(image: np.ndarray, n: int = 3) -> None:
    """Image uint8 (h, w)."""
    if image.dtype != np.uint8:
        raise ValueError("image must be uint8")


def sound(image: np.ndarray, n: int) -> Answer:
    values, counts = np.unique(image, return_counts=True)
    order = np.lexsort((values, -counts))[:n]
    return Answer(values[order], counts[order], 255 - image, image[:2].copy(), image.mean(keepdims=True))


def noise() -> tuple[np.ndarray]:
    return (np.random.default_rng(11).integers(0, 9, (32, 48), np.uint8),)


def cases() -> dict[str, tuple[Any, ...]]:
    return {"ties": (np.array([[7, 7, 3, 3, 5]], np.uint8), 2), "one value": (np.zeros((2, 2), np.uint8), 3)}


STAGE = define_stage(
    contract, name="top_values", reference="sound", workloads=[Workload("noise", noise)], edge_cases=cases
)


def verdict(variant: Callable[..., Any], stage: Stage = STAGE, reference: Callable[..., Any] = sound) -> str | None:
    """What the gate says, asked as a probe asks it."""
    (workload,) = stage.workloads.values()
    exam = prepare_exam(stage, workload, reference)
    used = deepcopy(exam.inputs)
    found = first_fault(variant, exam, stage.agreement, variant(*used), used)
    expected = {name: (inputs, deepcopy(reference(*deepcopy(inputs)))) for name, inputs in stage.edge_cases().items()}
    return found or edge_case_fault(variant, expected, stage.agreement)


def changed(**fields: Callable[[Any], Any]) -> Callable[..., Answer]:
    """The sound answer with some of its fields altered."""

    def variant(image: np.ndarray, n: int) -> Answer:
        answer = sound(image, n)
        return answer._replace(**{name: alter(getattr(answer, name)) for name, alter in fields.items()})

    return variant


def one_more_at(*place: int) -> Callable[[np.ndarray], np.ndarray]:
    def alter(array: np.ndarray) -> np.ndarray:
        if all(p < size for p, size in zip(place, array.shape, strict=True)):
            array[place] += 1
        return array

    return alter


def mutates(image: np.ndarray, n: int) -> Answer:
    answer = sound(image, n)
    image[-1, -1] ^= 1
    return answer


def sorts_in_place(image: np.ndarray, n: int) -> Answer:
    answer = sound(image, n)
    image.reshape(-1).sort()
    return answer


def aliases(image: np.ndarray, n: int) -> Answer:
    return sound(image, n)._replace(top=image[:2])


def remembers(key: Callable[[np.ndarray], Any], copy: bool = True) -> Callable[..., Answer]:
    """A variant that remembers answers under a key of its image."""
    known: dict[Any, Answer] = {}

    def variant(image: np.ndarray, n: int) -> Answer:
        if (name := (key(image), n)) not in known:
            known[name] = sound(image, n)
        return deepcopy(known[name]) if copy else known[name]

    return variant


def remembers_whole_content() -> Callable[..., Answer]:
    @functools.cache
    def cached(content: bytes, shape: tuple[int, ...], n: int) -> Answer:
        return sound(np.frombuffer(content, np.uint8).reshape(shape), n)

    return lambda image, n: cached(image.tobytes(), image.shape, n)


def answers_once() -> Callable[..., Answer]:
    calls = itertools.count()
    return lambda image, n: changed(counts=lambda counts: counts + (next(calls) > 0))(image, n)


def keeps_its_buffer() -> Callable[..., Answer]:
    buffers: dict[tuple[int, ...], np.ndarray] = {}

    def variant(image: np.ndarray, n: int) -> Answer:
        out = buffers.setdefault(image.shape, np.empty_like(image))
        return sound(image, n)._replace(negative=np.subtract(255, image, out=out))

    return variant


def depends_on_the_place() -> Callable[..., Answer]:
    places: list[int] = []

    def variant(image: np.ndarray, n: int) -> Answer:
        places.append(image.ctypes.data)
        return sound(image, n) if places[-1] == places[0] else changed(mean=lambda mean: mean + 1)(image, n)

    return variant


def larger_value_first(image: np.ndarray, n: int) -> Answer:
    values, counts = np.unique(image, return_counts=True)
    order = np.lexsort((-values.astype(int), -counts))[:n]
    return sound(image, n)._replace(values=values[order], counts=counts[order])


def fails_when_there_are_few(image: np.ndarray, n: int) -> Answer:
    if len(np.unique(image)) < n:
        raise IndexError("index 1 is out of bounds")
    return sound(image, n)


def aliases_the_small(image: np.ndarray, n: int) -> Answer:
    return sound(image, n) if image.size > 8 else aliases(image, n)


def mutates_the_small(image: np.ndarray, n: int) -> Answer:
    return sound(image, n) if image.size > 8 else mutates(image, n)


STALE = "remembers the answer of the call before (same buffer, new content): output"
SAME_MEMORY = "of the second call is that of the first: an answer remembered, or overwritten"


@pytest.mark.parametrize(
    ("variant", "said"),
    [
        pytest.param(
            changed(negative=one_more_at(5, 7)),
            "output.negative: differs in 1 of 1,536 elements, first at (5, 7), by up to 1",
            id="one pixel off by one",
        ),
        pytest.param(
            changed(counts=lambda c: c.astype(np.int32)), "output.counts: has dtype int32, expected int64", id="dtype"
        ),
        pytest.param(
            changed(negative=np.ravel), "output.negative: has shape (1536,), expected (32, 48)", id="another shape"
        ),
        pytest.param(changed(mean=lambda m: m * np.nan), "output.mean: is NaN in 1 of 1 elements", id="NaN"),
        pytest.param(lambda image, n: None, "output: is NoneType, expected Answer of 5", id="no answer"),
        pytest.param(mutates, "changes its input in place (argument [0])", id="input changed"),
        pytest.param(sorts_in_place, "changes its input in place (argument [0])", id="input sorted"),
        pytest.param(aliases, "output.top is a view of the input (argument [0])", id="output aliases input"),
        pytest.param(
            changed(negative=lambda n: np.broadcast_to(n[:1], n.shape)), "output.negative: differs", id="repeated row"
        ),
        pytest.param(
            changed(mean=lambda m: np.repeat(m, 1 << 20)[:1, None]),
            "output keeps 8,3",
            id="slice of something far bigger",
        ),
        pytest.param(
            changed(mean=lambda m: np.frombuffer(m.tobytes()).reshape(m.shape)),
            "output.mean may not be written (flags.writeable is False), that of the reference may",
            id="read-only",
        ),
        pytest.param(remembers(lambda image: 0), STALE, id="remembers everything"),
        pytest.param(remembers(id), STALE, id="remembers by id"),
        pytest.param(remembers(lambda image: image.ctypes.data), STALE, id="remembers by address"),
        pytest.param(remembers(lambda image: image.shape), STALE, id="remembers by shape"),
        pytest.param(remembers(lambda image: image[0].tobytes()), STALE, id="remembers by first row"),
        pytest.param(remembers(lambda image: image[-1].tobytes()), STALE, id="remembers by last row"),
        pytest.param(remembers(lambda image: (*image[0, :2], *image[-1, -2:])), STALE, id="remembers by corners"),
        pytest.param(
            remembers(lambda image: hashlib.md5(image).digest(), copy=False), SAME_MEMORY, id="remembers by a hash"
        ),
        pytest.param(remembers_whole_content(), SAME_MEMORY, id="functools.cache"),
        pytest.param(keeps_its_buffer(), SAME_MEMORY, id="output overwritten by the next call"),
        pytest.param(answers_once(), "answers differently on the second call: output.counts", id="second call"),
        pytest.param(
            depends_on_the_place(),
            "differs on an equal copy of the input, whose memory begins one element further: output.mean",
            id="depends on the address",
        ),
        pytest.param(
            lambda image, n: sound(image, n) if image.max() < 9 else changed(mean=abs)(image // 2, n),
            "differs on other content (same buffer, new content): output",
            id="right on this content alone",
        ),
        pytest.param(larger_value_first, "edge case «ties»: output.values: differs in 2 of 2", id="ties"),
        pytest.param(
            fails_when_there_are_few, "edge case «one value»: raises IndexError: index 1 is out of bounds", id="raises"
        ),
        pytest.param(aliases_the_small, "edge case «ties»: output.top is a view of the input", id="aliases at times"),
        pytest.param(mutates_the_small, "edge case «ties»: changes its input in place", id="mutates at times"),
    ],
)
def test_a_wrong_variant_is_caught_and_told_what_is_wrong(variant: Callable[..., Any], said: str) -> None:
    assert said in (verdict(variant) or "passed the gate")


def test_a_sound_variant_passes() -> None:
    assert verdict(sound) is None


@pytest.mark.parametrize("order", [np.asfortranarray, lambda array: np.dstack([array, array])[..., 0]])
def test_in_which_order_a_result_lies_is_told_and_not_punished(order: Callable[[Any], Any]) -> None:
    (workload,) = STAGE.workloads.values()
    exam = prepare_exam(STAGE, workload, sound)
    used, told = deepcopy(exam.inputs), list[str]()
    variant = changed(negative=order)
    assert first_fault(variant, exam, Exact(), variant(*used), used, tell=told.append) is None
    (note,) = told
    assert note.startswith("output.negative is not C-contiguous (")


def test_that_a_result_lies_off_its_elements_size_is_told_and_not_punished() -> None:
    def off(counts: np.ndarray) -> np.ndarray:
        there = np.empty(counts.nbytes + 1, np.uint8)[1:].view(counts.dtype)
        there[:] = counts
        return there

    (workload,) = STAGE.workloads.values()
    exam = prepare_exam(STAGE, workload, sound)
    used, told = deepcopy(exam.inputs), list[str]()
    variant = changed(counts=off)
    assert first_fault(variant, exam, Exact(), variant(*used), used, tell=told.append) is None
    assert told == [
        "output.counts begins at an address that is no multiple of its elements' size: C code may refuse it"
    ]


@pytest.mark.parametrize("alike", [False, True])
def test_answers_may_share_memory_with_each_other_where_those_of_the_reference_do(alike: bool) -> None:
    def shares(image: np.ndarray, n: int) -> Answer:
        found = sound(image, n)
        return found._replace(top=found.negative[:2])

    def apart(image: np.ndarray, n: int) -> Answer:
        found = sound(image, n)
        return found._replace(top=found.negative[:2].copy())

    said = verdict(shares, reference=shares if alike else apart)
    assert said == (
        None
        if alike
        else "output.negative and output.top lie in the same memory, those of the reference do not: who writes into one "
        "changes the other; return copies"
    )


def test_a_variant_may_decline_an_edge_case() -> None:
    def declines(image: np.ndarray, n: int) -> Answer:
        if image.size < 8:
            raise NotOffered("large images only")
        return sound(image, n)

    assert verdict(declines) is None


def batch_contract(images: list[np.ndarray], options: dict[str, Any]) -> None:
    """A list of images and a dictionary."""


def brighter(images: list[np.ndarray], options: dict[str, Any]) -> list[np.ndarray]:
    return [image + np.uint8(options["by"]) for image in images]


def pops(images: list[np.ndarray], options: dict[str, Any]) -> list[np.ndarray]:
    answer = brighter(images, options)
    images.pop()
    return answer


def rewrites_options(images: list[np.ndarray], options: dict[str, Any]) -> list[np.ndarray]:
    answer = brighter(images, options)
    options["names"][1] = "done"
    return answer


def remembers_the_list() -> Callable[..., Any]:
    known: dict[int, Any] = {}
    return lambda images, options: deepcopy(known.setdefault(id(images), brighter(images, options)))


BATCH = define_stage(
    batch_contract,
    name="batch",
    reference="brighter",
    workloads=[
        Workload(
            "two",
            lambda: ([noise()[0], noise()[0][:3]], {"by": 2, "names": ["a", "b"]}),
            other=lambda: ([noise()[0] + 1, noise()[0][:3] + 1], {"by": 2, "names": ["a", "b"]}),
        )
    ],
)


@pytest.mark.parametrize(
    ("variant", "said"),
    [
        (brighter, None),
        (pops, "changes its input in place (argument [0][1])"),
        (rewrites_options, "changes its input in place (argument [1]['names'][1])"),
        (remembers_the_list(), "remembers the answer of the call before (same buffer, new content): output[0]"),
        (lambda images, options: images, "output[0]: differs"),
    ],
)
def test_inputs_may_be_lists_and_dictionaries(variant: Callable[..., Any], said: str | None) -> None:
    found = verdict(variant, BATCH, brighter)
    assert found == said or (said is not None and said in str(found))


def test_only_arrays_whose_bounds_overlap_are_compared_for_shared_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def counted(a: np.ndarray, b: np.ndarray) -> bool:
        compared.append((a, b))
        return shares_memory(a, b)

    shares_memory = np.shares_memory
    monkeypatch.setattr(np, "shares_memory", counted)
    crops, options = [noise()[0] for _ in range(100)], {"by": 0}
    cases = {"crops": ((crops, options), brighter(crops, options))}
    assert edge_case_fault(brighter, cases, Exact()) is None
    assert not compared
    fault = edge_case_fault(lambda images, options: [*brighter(images, options)[:-1], images[-1]], cases, Exact())
    assert fault is not None
    assert "output[99] is a view of the input (argument [0][99])" in fault
    assert len(compared) == 1


def small_workloads() -> list[Workload]:
    return [Workload(name, functools.partial(tuple, inputs)) for name, inputs in cases().items()]


@pytest.mark.parametrize(
    ("variant", "said"),
    [
        (sound, None),
        (lambda image: sound(image, 3), "on a short input: raises TypeError"),
        (lambda image, n: sound(image, n) if image.size > 9 else None, "on a short input: output: is None"),
    ],
)
def test_a_short_exam_takes_the_place_of_further_calls_on_long_inputs(
    variant: Callable[..., Any], said: str | None
) -> None:
    sizes = []

    def counted(image: np.ndarray, n: int) -> Any:
        sizes.append(image.size)
        return variant(image, n)

    (workload,) = STAGE.workloads.values()
    exam, short = prepare_exam(STAGE, workload, sound), short_exam(STAGE, small_workloads(), sound)
    assert short is not None
    used = deepcopy(exam.inputs)
    found = first_fault(counted, exam, STAGE.agreement, sound(*used), used, short)
    assert found == said or (said is not None and said in str(found))
    assert max(sizes) < exam.inputs[0].size


def test_what_declines_the_short_input_is_called_on_the_long_one() -> None:
    def declines(image: np.ndarray, n: int) -> Answer:
        if image.size < 99:
            raise NotOffered("large images only")
        return sound(image, n)

    (workload,) = STAGE.workloads.values()
    exam, short = prepare_exam(STAGE, workload, sound), short_exam(STAGE, small_workloads(), sound)
    used = deepcopy(exam.inputs)
    assert first_fault(declines, exam, STAGE.agreement, declines(*used), used, short) is None


def test_there_is_no_short_exam_where_other_content_has_the_same_answer() -> None:
    assert short_exam(STAGE, small_workloads(), lambda image, n: image.size) is None


def fill_contract(image: np.ndarray, hole: np.ndarray) -> None:
    """An image and where it is to be filled, both uint8 (h, w)."""


def fill(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    return np.where(hole != 0, np.uint8(8), image)


def fill_workload(brighter: int) -> tuple[np.ndarray, np.ndarray]:
    return noise()[0] + np.uint8(brighter), np.eye(32, 48, dtype=np.uint8)


FILL = define_stage(
    fill_contract,
    name="fill",
    reference="fill",
    agreement=OutsideMask(lambda image, hole: hole),
    workloads=[Workload("line", lambda: fill_workload(0), other=lambda: fill_workload(1))],
    edge_cases=lambda: {"no hole": (*noise(), np.zeros((32, 48), np.uint8))},
)


@pytest.mark.parametrize(
    ("variant", "said"),
    [
        (lambda image, hole: np.where(hole != 0, np.uint8(5), image), None),
        (lambda image, hole: image + np.uint8(1), "output: differs outside of the mask"),
        (lambda image, hole: fill(image, hole) if hole.any() else image + np.uint8(1), "edge case «no hole»: output"),
    ],
)
def test_an_agreement_that_looks_at_the_inputs_is_given_those_that_were_used(
    variant: Callable[..., Any], said: str | None
) -> None:
    found = verdict(variant, FILL, fill)
    assert found == said or (said is not None and said in str(found))


@pytest.mark.parametrize("other", [None, noise])
def test_where_no_other_content_has_another_answer_the_check_is_left_out_with_a_note(
    other: Callable[..., Any] | None,
) -> None:
    workloads = [Workload("noise", noise, other=other)]
    stage = define_stage(contract, name="size", reference="size", workloads=workloads)
    exam = prepare_exam(stage, stage.workload("noise"), lambda image, n: image.shape)
    assert exam.other is None
    (note,) = exam.notes
    assert "an answer that is remembered would go unnoticed" in note
    assert ("other()" in note) if other else ("Workload('noise', build, other=...)" in note)
    used = deepcopy(exam.inputs)
    assert first_fault(lambda image, n: image.shape, exam, Exact(), used[0].shape, used) is None


def test_an_answer_that_can_not_be_compared_is_told_before_any_variant_is_blamed() -> None:
    stage = define_stage(contract, name="opaque", reference="opaque", workloads=[Workload("noise", noise)])
    with pytest.raises(ValueError, match="the reference opaque does not agree with a copy of itself"):
        prepare_exam(stage, stage.workload("noise"), lambda image, n: [object()])


def test_inputs_are_completed_by_the_contracts_defaults_and_checked_by_it() -> None:
    assert bind(STAGE, noise())[1] == 3
    with pytest.raises(ValueError, match="image must be uint8"):
        bind(STAGE, (np.zeros((2, 2)),))


def test_agreement_is_the_stages_own() -> None:
    assert isinstance(STAGE.agreement, Exact)


def test_whether_an_input_was_changed_is_looked_at_in_little_memory() -> None:
    image = np.zeros((4096, 4096), np.uint8)
    other = image.copy()
    other[-1, -1] = 1
    tracemalloc.start()
    try:
        assert place_of_change((image,), (image.copy(),)) == ""
        assert place_of_change((other,), (image,)) == " (argument [0])"
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        place_of_change((other,), (image,))
        assert tracemalloc.get_traced_memory()[1] - held < image.nbytes / 8
    finally:
        tracemalloc.stop()
