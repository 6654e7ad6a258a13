"""Any number of threads, inside a variant or around it, changes no bit; compiled variants let other Python threads run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numba
import pytest
from threadpoolctl import threadpool_limits

from labkit.core import registry
from labkit.core.agreement import Exact
from tests.conformance.global_lock import others_run_during
from tests.conformance.trials import COMPILED, Opened, answer, copied, edge_cases, given, some_cases, variants

ON_OBJECTS = {("cumulative_sum", "cython_untyped")}  # works on Python's own objects


@cache
def first(stage: str) -> tuple[Any, ...]:
    """The inputs of a stage's first workload: enough for all threads."""
    return next(iter(registry.stage(stage).workloads.values())).build()


def to_move(stage: str, inputs: tuple[Any, ...]) -> int:
    """The bytes, or the number that is counted to."""
    floor = registry.stage(stage).floor_bytes
    return (floor(*inputs) if floor else 0) or (inputs[0] if isinstance(inputs[0], int) else 0)


@cache
def largest(stage: str) -> tuple[Any, ...]:
    """The inputs of its workload with most to move: a call takes long enough for another thread to come."""
    loads = [load.build() for load in registry.stage(stage).workloads.values()]
    return max(loads, key=lambda inputs: to_move(stage, inputs))


@cache
def widest(stage: str) -> tuple[Any, ...]:
    """Its edge case with most to move: what is cut into pieces where there are threads for them."""
    return max(edge_cases(stage).values(), key=lambda inputs: to_move(stage, inputs))


@pytest.mark.parametrize(("stage", "name"), variants("numpy", "library", "gpu", *COMPILED, many=False))
def test_calls_at_once_get_their_own_right_answers(stage: str, name: str, opened: Opened) -> None:
    function, cases = opened(stage, name), some_cases(stage, 6)
    alone = [answer(function, copied(given(stage, case))) for case in cases]
    rounds = 5 if registry.variant(stage, name).kind in COMPILED else 1
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda case: answer(function, copied(given(stage, case))), cases * rounds))
    for k, one in enumerate(found):
        assert Exact().difference(one, alone[k % len(cases)]) is None, cases[k % len(cases)]


@pytest.mark.parametrize(("stage", "name"), variants(*COMPILED, many=False))
def test_any_number_of_threads_gives_the_same_bits(stage: str, name: str, opened: Opened) -> None:
    function, cases = opened(stage, name), some_cases(stage, 4)
    inputs = [first(stage), widest(stage), *(given(stage, case) for case in cases)]
    answers = []
    most = numba.get_num_threads()
    try:
        for threads in (1, 2, 3, 7):
            numba.set_num_threads(min(threads, most))
            with threadpool_limits(threads, user_api="openmp"):
                answers.append([function(*copied(one)) for one in inputs])
    finally:
        numba.set_num_threads(most)
    for other in answers[1:]:
        assert Exact().difference(other, answers[0]) is None


@pytest.mark.parametrize(("stage", "name"), variants(*COMPILED, many=False))
def test_the_global_lock_is_released_but_by_what_needs_python_s_objects(stage: str, name: str, opened: Opened) -> None:
    function = opened(stage, name)
    held = (stage, name) in ON_OBJECTS
    inputs = copied(given(stage, some_cases(stage, 1)[0]) if held else largest(stage))
    function(*inputs)
    assert others_run_during(lambda: function(*inputs), tries=5 if held else 200) != held
