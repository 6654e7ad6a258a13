"""What only compiled loops can get wrong (stage cumulative_sum): a formula in the loop's place, leaks, a lock held."""

from __future__ import annotations

import gc
import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import psutil
import pytest
from numba import njit

from labkit.core import UsageError, registry, variant
from labkit.stages.cumulative_sum import LARGEST
from tests.conformance.global_lock import others_run_during

VARIANTS = registry.of("cumulative_sum")
HERE = [name for name, found in VARIANTS.items() if found.unavailable() is None]
SPLITTABLE = [name for name in HERE if VARIANTS[name].partial is not None]
COMPILED = [name for name in HERE if VARIANTS[name].kind in ("numba", "cython", "native")]
UNLOCKED = [name for name in COMPILED if name != "cython_untyped"]
BY_HAND = [name for name in HERE if VARIANTS[name].kind == "native"]
ON_OBJECTS = {"python", "builtin_sum", "cython_untyped"}  # an int object a step: a hundred times as slow as the others


def closed(start: int, stop: int) -> int:
    """What a variant must not compute: the sum of start … stop - 1 by Gauss's formula, in Python's big integers."""
    return (start + stop - 1) * (stop - start) // 2


def function_of(name: str) -> Callable[..., int]:
    function = VARIANTS[name].function
    assert function is not None
    return function


def partial_of(name: str) -> Callable[[int, int], int]:
    partial = VARIANTS[name].partial
    assert partial is not None
    return partial


# Did a compiler put n·(n - 1) / 2 in the loop's place? A loop takes a thousand times as long for a thousand times the
# integers, a formula (or an answer remembered from an earlier call) equally long. A hundred times lies so far from both
# that no noise reaches it: the least of several times is off by a few per cent, not tenfold.


def least_seconds(function: Callable[[int], int], n: int, calls: int) -> float:
    """The shortest of several calls."""
    times = []
    for _ in range(calls):
        started = time.perf_counter()
        function(n)
        times.append(time.perf_counter() - started)
    return min(times)


def loops(function: Callable[[int], int], large: int) -> bool:
    """Does the time grow with n: a thousand times the integers, more than a hundred times as long?"""
    function(large // 1000)  # compiles, where that happens on the first call
    return least_seconds(function, large, calls=5) > 100 * least_seconds(function, large // 1000, calls=50)


@pytest.mark.parametrize("name", COMPILED)
def test_no_compiler_puts_a_formula_in_the_loops_place(name: str) -> None:
    large = 3_000_000 if name in ON_OBJECTS else 200_000_000
    assert loops(function_of(name), large), f"{name} takes as long for {large} integers as for {large // 1000}"


@pytest.mark.parametrize("name", [name for name in COMPILED if name in SPLITTABLE])
def test_no_compiler_puts_a_formula_into_a_partial(name: str) -> None:
    large = 3_000_000 if name in ON_OBJECTS else 200_000_000
    assert loops(lambda n: partial_of(name)(LARGEST - n, LARGEST), large)


@njit
def naive_loop(n):  # type: ignore[no-untyped-def]
    """What numba_loop would be without its xor: LLVM closes it."""
    total = 0
    for i in range(n):
        total += i
    return total


@cache
def remembered(n: int) -> int:
    return sum(range(n))


@pytest.mark.parametrize(
    "function",
    [naive_loop, lambda n: closed(0, n), remembered],
    ids=["closed by LLVM", "closed by hand", "remembered"],
)
def test_the_check_catches_what_does_not_loop(function: Callable[[int], int]) -> None:
    assert not loops(function, 2_000_000)
    assert function(2_000_000) == closed(0, 2_000_000)


def test_the_check_passes_what_loops() -> None:
    assert loops(lambda n: sum(range(n)), 2_000_000)


# Leaks. A leaked result is one block of Python's allocator, too small to be seen in the memory of the process, so both
# are counted.


@contextmanager
def no_growth(blocks: int = 200) -> Iterator[None]:
    gc.collect()
    resident, allocated = psutil.Process().memory_info().rss, sys.getallocatedblocks()
    yield
    gc.collect()
    assert sys.getallocatedblocks() - allocated < blocks
    assert psutil.Process().memory_info().rss - resident < 4 << 20


@pytest.mark.parametrize("name", [name for name in BY_HAND if name in SPLITTABLE])
def test_ten_thousand_partial_sums_leave_the_memory_as_it_was(name: str) -> None:
    partial = partial_of(name)
    partial(3000, 4000)
    with no_growth():
        for _ in range(10_000):
            partial(3000, 4000)


REFUSED: dict[str, tuple[tuple[Any, ...], dict[str, Any], type[Exception]]] = {
    "nothing": ((), {}, TypeError),
    "too many": ((1, 2), {}, TypeError),
    "text": (("ten",), {}, TypeError),
    "a float": ((1.5,), {}, TypeError),
    "beyond 64 bits": ((1 << 64,), {}, OverflowError),
    "an unknown keyword": ((), {"count": 3}, TypeError),
    "the argument twice": ((3,), {"n": 3}, TypeError),
}


@pytest.mark.skipif("c_api" not in HERE, reason="c_api.c was not built")
@pytest.mark.parametrize("case", REFUSED)
def test_c_api_refuses_arguments_that_it_cannot_read_and_leaks_nothing(case: str) -> None:
    arguments, keywords, error = REFUSED[case]
    function = function_of("c_api")
    with no_growth():
        for _ in range(1000):
            with pytest.raises(error):
                function(*arguments, **keywords)


@pytest.mark.skipif("c_api" not in HERE, reason="c_api.c was not built")
def test_c_api_passes_on_that_it_could_not_register_and_leaks_nothing() -> None:
    """Loaded under another name it is another variant c_api, which the registry refuses."""
    place = importlib.util.find_spec("labkit.stages.cumulative_sum.c_api")
    assert place is not None
    spec = importlib.util.spec_from_file_location("elsewhere.c_api", place.origin)
    assert spec is not None
    assert spec.loader is not None

    def load() -> None:
        module = importlib.util.module_from_spec(spec)
        with pytest.raises(UsageError, match="has a variant c_api already"):
            spec.loader.exec_module(module)  # type: ignore[union-attr]

    core = sys.modules["labkit.core"]
    for _ in range(300):  # until Python's own lists of free objects are full
        load()
    gc.collect()
    before = sys.getrefcount(core), sys.getrefcount(variant)
    for tries_left in (2, 1, 0):  # what is kept is kept each time; pages of so many errors come and go by megabytes
        try:
            with no_growth(blocks=300):
                for _ in range(600):
                    load()
            break
        except AssertionError:
            if not tries_left:
                raise
    assert (sys.getrefcount(core), sys.getrefcount(variant)) == before


@pytest.mark.parametrize("name", [name for name in UNLOCKED if name in SPLITTABLE])
def test_the_global_lock_is_released_while_a_partial_runs(name: str) -> None:
    partial = partial_of(name)
    partial(0, 10)
    assert others_run_during(lambda: partial(0, 400_000_000))
