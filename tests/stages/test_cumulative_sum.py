"""Stage cumulative_sum: the right sum from every variant, whole and in parts, and the contract's rules."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labkit.core import registry
from labkit.core.errors import NotOffered
from labkit.stages.cumulative_sum import LARGEST, cumulative_sum, ranges, total

STAGE = registry.stage("cumulative_sum")
VARIANTS = registry.of("cumulative_sum")
HERE = [name for name, variant in VARIANTS.items() if variant.unavailable() is None]
SPLITTABLE = [name for name in HERE if VARIANTS[name].partial is not None]
ON_OBJECTS = {"python", "builtin_sum", "cython_untyped"}  # an int object a step: a hundred times as slow as the others
FOLDER = Path(sys.modules["labkit.stages.cumulative_sum"].__file__ or "").parent


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


@pytest.mark.parametrize("name", [name for name in HERE if name not in ON_OBJECTS])
def test_a_sum_of_ten_million_is_right(name: str) -> None:
    assert function_of(name)(10**7) == closed(0, 10**7)


@pytest.mark.parametrize("name", [name for name in HERE if name not in {*ON_OBJECTS, "numpy_array"}])
def test_the_largest_n_is_taken_and_its_sum_is_not_cut_off(name: str) -> None:
    assert function_of(name)(LARGEST) == 7_999_999_998_000_000_000


RANGES = [
    (0, 0),
    (7, 7),
    (1, 2),
    (5, 40),
    (2**31 - 20, 2**31 + 20),
    (2**31 - 1, 2**31),
    (2**32 - 40_000 - LARGEST % 7, 2**32 - 17),
    (LARGEST - 70_001, LARGEST),
    (LARGEST - 1, LARGEST),
    (LARGEST, LARGEST),
]


@pytest.mark.parametrize(("start", "stop"), RANGES)
@pytest.mark.parametrize("name", SPLITTABLE)
def test_a_partial_sums_its_range_beyond_31_bits_too(name: str, start: int, stop: int) -> None:
    answer = partial_of(name)(start, stop)
    assert type(answer) is int
    assert answer == closed(start, stop)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", SPLITTABLE)
def test_a_partial_sums_random_ranges(name: str, seed: int) -> None:
    draw = np.random.default_rng(seed)
    for length in (3, 300, 70_000):
        start = int(draw.integers(0, LARGEST - length))
        stop = start + int(draw.integers(0, length + 1))
        assert partial_of(name)(start, stop) == closed(start, stop), f"seed {seed}, range {start} … {stop}"


@pytest.mark.parametrize("count", [1, 2, 3, 64])
@pytest.mark.parametrize("n", [0, 1, 2, 63, 1000, LARGEST])
def test_ranges_cover_each_integer_once(n: int, count: int) -> None:
    parts = ranges(count, n)
    assert 1 <= len(parts) <= count
    assert parts[0][0] == 0
    assert parts[-1][1] == n
    assert all(a[1] == b[0] and a[0] < a[1] for a, b in zip(parts, parts[1:], strict=False))
    assert total([closed(*part) for part in parts], n) == closed(0, n)


def test_all_variants_but_those_that_split_themselves_bring_a_partial() -> None:
    assert set(HERE) - set(SPLITTABLE) <= {"native_omp", "torch_arange"}


WRONG: dict[str, tuple[Any, type[Exception], str]] = {
    "a NumPy integer": (np.int64(7), TypeError, "n is a numpy.int64; give a Python int"),
    "a NumPy bool": (np.True_, TypeError, "n is a numpy.bool; give a Python int"),
    "an array": (np.arange(3), TypeError, "n is a numpy.ndarray; give a Python int"),
    "too large": (LARGEST + 1, ValueError, "n is 4000000001; give an integer from 0 to 4000000000"),
    "far too large": (10**30, ValueError, "n is 1" + "0" * 30),
}


@pytest.mark.parametrize("case", WRONG)
def test_the_boundary_refuses_wrong_input_in_one_line_that_says_what_came(case: str) -> None:
    n, error, text = WRONG[case]
    with pytest.raises(error, match=f"^{re.escape(text)}") as raised:
        cumulative_sum(n)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("n", [0, 1, 10**8, LARGEST])
def test_the_boundary_takes_right_input(n: int) -> None:
    cumulative_sum(n)


def test_one_array_of_all_integers_is_not_offered_above_2_gib() -> None:
    with pytest.raises(NotOffered, match=r"^4000000000 integers would be an array of 29\.8 GiB"):
        function_of("numpy_array")(LARGEST)


@pytest.mark.parametrize("workload", STAGE.workloads)
def test_the_other_input_of_a_workload_is_of_like_size_and_has_another_answer(workload: str) -> None:
    load = STAGE.workload(workload)
    assert load.other is not None
    (n,), (other,) = load.build(), load.other()
    cumulative_sum(n)
    cumulative_sum(other)
    assert abs(n - other) < n / 1000
    assert closed(0, n) != closed(0, other)


@pytest.mark.parametrize(("start", "stop"), [(0, 0), (0, 1000), (LARGEST - 1000, LARGEST), (3, (1 << 24) * 2 + 10)])
def test_the_gpu_variant_agrees_on_the_cpu_device_of_torch(start: int, stop: int) -> None:
    pytest.importorskip("torch", reason="torch is not installed: pip install labkit[gpu]")
    from labkit.stages.cumulative_sum.gpu import total_on_device

    assert int(total_on_device(start, stop, "cpu")) == closed(start, stop)


def test_the_gpu_variant_says_why_it_cannot_run() -> None:
    reason = VARIANTS["torch_arange"].unavailable()
    assert reason is None or "not installed" in reason or "checked on cpu only" in reason


def test_the_docstring_of_the_folder_names_every_file() -> None:
    order = re.search(
        r"Read the files in this order[^:]*: (.*?)\.\n", sys.modules[STAGE.contract.__module__].__doc__ or "", re.S
    )
    assert order is not None
    files = {path.stem for path in FOLDER.iterdir() if path.suffix in (".py", ".pyx", ".cpp", ".c")}
    assert set(order[1].replace("\n", " ").split(", ")) == files - {"__init__", "workloads"}
