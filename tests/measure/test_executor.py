"""What is seen beside the clock: outputs of timed calls, and first calls on new content. No measured time is asserted."""

import pickle
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from labkit.core.agreement import Exact
from labkit.core.exam import Exam, Manners
from labkit.measure.executor import Answers, ClockExecutor, Wrong
from labkit.measure.launch import LaunchTask, Looks, displaced
from labkit.measure.limit import LIMIT
from labkit.measure.old_answers import FEWEST_LAUNCHES, old_answers
from labkit.measure.probe import HandOverTask
from labkit.measure.schedule import Plan

SLICE_S = 1000.0  # no moment that is drawn comes by itself


def exam() -> Exam:
    return Exam((np.arange(4),), 6)


def executor(calls: dict[str, Any], long: tuple[str, ...] = (), slice_s: float = SLICE_S) -> ClockExecutor:
    answers = Answers(exam(), Exact(), slice_s, long, np.random.default_rng(3))
    return ClockExecutor(calls, (np.arange(4),), lambda number: None, answers)


def test_a_sample_is_as_many_calls_as_asked_for_though_the_first_two_samples_time_their_first_call_apart() -> None:
    calls = Counter[str]()
    made = executor({"sum": lambda values: calls.update(["sum"]) or 6, LIMIT: lambda values: None})
    for _ in range(4):
        made.time("sum", 5)
        made.time(LIMIT, 5)
    assert calls["sum"] == 20
    assert {arm: len(firsts) for arm, firsts in made.firsts.items()} == {"sum": 2}


def test_the_last_output_of_each_arm_is_looked_at() -> None:
    made = executor({"right": lambda values: int(values.sum()), "wrong": lambda values: 7})
    made.time("right", 3)
    made.time("wrong", 3)
    made.last_looks(["right"])
    with pytest.raises(Wrong, match="in a timed call: output: is 7, expected 6") as raised:
        made.last_looks(["wrong"])
    assert raised.value.arm == "wrong"
    assert len(made.firsts["right"]) == 2


@pytest.mark.parametrize("how", ["its moment has come", "it is long"])
def test_an_output_is_looked_at_when_its_moment_comes_and_of_a_long_arm_at_once(how: str) -> None:
    made = executor({"wrong": lambda values: 7}, *((("wrong",), SLICE_S) if how == "it is long" else ((), 0.0)))
    with pytest.raises(Wrong):
        made.time("wrong", 1)


def test_of_each_arm_one_output_is_looked_at_by_chance_and_of_a_long_one_no_more() -> None:
    answers = Answers(exam(), Exact(), 1.0, ["long"], np.random.default_rng(3))
    looked = Counter[str]()
    for passed_s in np.linspace(0, 1, 50):
        for arm in ("long", "short"):
            if answers.due(arm, passed_s):
                answers.look(arm, 6, (np.arange(4),))
                looked[arm] += 1
    assert looked == {"long": 1, "short": 1}
    assert (answers.last("long"), answers.last("short")) == (False, True)


def test_nobody_is_blamed_for_an_output_where_another_may_have_changed_the_input() -> None:
    def meddles(values: np.ndarray) -> int:
        values[0] = 5
        return 6

    made = executor({"meddles": meddles, "sound": lambda values: int(values.sum())})
    made.time("meddles", 1)
    with pytest.raises(Wrong) as raised:
        made.last_looks(["sound"])
    assert raised.value.arm is None


def test_what_answers_with_an_iterator_is_timed_until_that_is_gone_through_on_content_it_was_not_warmed_up_on() -> None:
    seen = []

    def one_by_one(values: np.ndarray) -> Iterator[int]:
        for value in values:
            seen.append(int(value))
            yield int(value)

    calls = {"at once": lambda values: 6, "one by one": one_by_one}
    content = Exam((np.arange(4),), 6, other=(np.arange(4) + 10,), other_expected=46)
    task = LaunchTask("any", tuple(calls), Plan(1, 1.0, {}, {}, {}), None, 1, 5)
    inputs, *_ = task._warmed_up(calls, content, Looks(), np.random.default_rng(3), lambda number: None)
    assert seen == [10, 11, 12, 13] * 2
    for call in calls.values():
        call(*inputs)
    assert seen[8:] == [0, 1, 2, 3]


@pytest.mark.parametrize(("cost_s", "calls"), [(1e-4, 2), (0.5, 1)], ids=["quick", "long"])
def test_what_is_quick_is_called_on_known_content_too_however_long_its_first_call_takes(
    cost_s: float, calls: int
) -> None:
    seen = []
    plan = Plan(1, 1.0, {}, {}, {}, {"compiles": cost_s})
    compiles = {"compiles": lambda values: (seen.append(values), time.sleep(0 if seen[1:] else 0.15))}
    content = Exam((np.arange(4),), None, other=(np.arange(4) + 10,), other_expected=None)
    task = LaunchTask("any", ("compiles",), plan, None, 1, 5)
    _, _, known_s, _ = task._warmed_up(compiles, content, Looks(), np.random.default_rng(3), lambda number: None)
    assert (len(seen), "compiles" in known_s) == (calls, calls == 2)


@pytest.mark.parametrize(
    ("answer", "most_bytes", "other", "compared"),
    [(np.ones(8), 1e6, True, True), (np.ones(8), 10, False, False), (lambda: 6, 1e6, True, False)],
    ids=["as it is", "too large", "can't travel"],
)
def test_launches_are_handed_answers_and_other_content_where_that_can_be(
    answer: Any, most_bytes: float, other: bool, compared: bool
) -> None:
    kept = Exam((np.arange(4),), answer, (np.arange(4) + 10,), 46, manners=Manners.of(answer))
    sent: dict[str, Any] = {}
    HandOverTask(most_bytes).run({"exam": kept}, lambda name, value: sent.update({name: pickle.dumps(value)}), print)
    handed = pickle.loads(sent["handed_over"])
    assert (handed.inputs[0] == kept.inputs[0]).all()
    assert (handed.other is not None, handed.manners is not None, handed.other_expected) == (other, compared, None)


def launches(
    new_s: float, again_s: float, number: int = FEWEST_LAUNCHES, before_s: float | None = None
) -> list[dict[str, Any]]:
    before = again_s if before_s is None else before_s
    return [{"known_new_again_s": {"arm": [before, new_s, again_s]}}] * number


@pytest.mark.parametrize(
    ("found", "memoised"),
    [
        (launches(2e-3, 1e-5), True),
        (launches(2e-3, 1e-5, FEWEST_LAUNCHES - 1), False),  # too few to say so
        (launches(2e-3, 1.1e-3), False),  # caches, branches
        (launches(2e-3, 3e-4, before_s=2e-3), False),  # the first calls of a process get memory that was never touched
        (launches(1.5e-5, 1e-6), False),  # a difference that an interrupt makes
        (launches(3.1e-5, 5e-6), False),  # or caches that are cold after a wait
        (launches(2e-3, 1e-5, 3) + launches(1e-3, 1e-3, 4), False),  # now and then
        ([{}] * FEWEST_LAUNCHES, False),  # there is no other content
    ],
)
def test_who_is_many_times_slower_on_new_content_in_launch_after_launch_remembers(
    found: list[dict[str, Any]], memoised: bool
) -> None:
    fault = old_answers(found, "arm")
    assert (fault is not None) == memoised
    assert fault is None or (fault.key == "memoised" and fault.startswith("memoised: new content takes 2 ms"))


@pytest.mark.parametrize("turned", [np.ascontiguousarray, np.transpose, lambda a: a.transpose(1, 0, 2)])
def test_inputs_keep_the_order_of_their_axes_when_they_are_displaced(
    turned: Callable[[np.ndarray], np.ndarray],
) -> None:
    given = turned(np.arange(24, dtype=np.float32).reshape(2, 3, 4))
    (there,) = displaced((given,), np.random.default_rng(4))
    assert there.strides == given.strides
    assert (there == given).all()
