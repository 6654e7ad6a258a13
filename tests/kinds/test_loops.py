"""One loop in three languages: each variant runs in its own, and all three compute the same."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest

from labkit.core.registry import Registry, registry
from labkit.core.stage import define_stage
from labkit.kinds import loops
from labkit.kinds.loops import Cython, Interpreted, Numba, _cython_form, _jitted
from labkit.profiling.interpreted import interpreted
from labkit.stages.grey.loops import grey
from tests.conformance.global_lock import others_run_during

READINGS = {"python": Interpreted, "numba_loop": Numba, "cython_loop": Cython}
IMAGE = np.random.default_rng(3).integers(0, 256, (40, 67, 3), np.uint8)


def function_of(name: str) -> Any:
    return registry.variant("grey", name).function


def test_each_variant_is_of_its_own_kind() -> None:
    assert {name: type(function_of(name)) for name in READINGS} == READINGS
    assert type(grey).__name__ == "function"
    assert "Dispatcher" in type(_jitted(grey)["kernel"]).__name__
    compiled = _cython_form(grey)
    assert type(compiled).__name__ == "cython_function_or_method"
    assert sys.modules[compiled.__module__].__file__.endswith(".so")


def test_no_compiled_file_takes_the_place_of_the_source() -> None:
    assert Path(sys.modules["labkit.stages.grey.loops"].__file__ or "").suffix == ".py"


@pytest.mark.parametrize("name", READINGS)
def test_a_variant_takes_read_only_images_and_keywords_and_travels_small(name: str) -> None:
    right = function_of("opencv")(IMAGE)
    fixed = IMAGE.copy()
    fixed.flags.writeable = False
    assert np.array_equal(function_of(name)(fixed), right)
    assert np.array_equal(function_of(name)(image=IMAGE), right)
    packed = cloudpickle.dumps(function_of(name))
    assert len(packed) < 1500
    assert np.array_equal(cloudpickle.loads(packed)(IMAGE), right)


def test_numba_compiles_once_for_arrays_that_may_and_may_not_be_written() -> None:
    fixed = IMAGE.copy()
    fixed.flags.writeable = False
    function_of("numba_loop")(IMAGE)
    function_of("numba_loop")(fixed)
    assert len(_jitted(grey)["kernel"].signatures) == 1


@pytest.mark.parametrize(("name", "released"), [("numba_loop", True), ("cython_loop", True), ("python", False)])
def test_compiled_loops_and_no_others_let_go_of_the_global_lock(name: str, released: bool) -> None:
    call, image = function_of(name), np.zeros((3000, 4000, 3) if released else (100, 200, 3), np.uint8)
    call(IMAGE)
    assert others_run_during(lambda: call(image), tries=20 if released else 5) == released


def test_a_profiler_sees_the_lines_of_the_compiled_loop() -> None:
    seen = set()

    def watch(frame: Any, event: str, argument: Any) -> None:
        if event == "call":
            seen.add((Path(frame.f_code.co_filename).name, frame.f_code.co_name))

    with interpreted(function_of("numba_loop")) as plain:
        sys.setprofile(watch)
        try:
            plain(IMAGE[:4])
        finally:
            sys.setprofile(None)
    assert ("loops.py", "grey") in seen
    assert np.array_equal(function_of("numba_loop")(IMAGE), function_of("opencv")(IMAGE))  # compiled again afterwards


def halve(value: int) -> int:
    return value >> 1


def sum_halves(n: int, out: Any, room: Any) -> None:
    """Add up halves, by way of a helper and of some room."""
    room[0] = 0
    for k in range(n):
        room[0] += halve(k)
    out[0] = room[0]


def test_a_loop_may_have_helpers_scratch_and_a_result_of_its_own(own_registry: Registry) -> None:
    from labkit.core import Workload

    def contract(n: int) -> None:
        """Sum of halves."""

    own_registry.add_stage(
        define_stage(contract, name="halves", reference="python", workloads=[Workload("w", lambda: (9,))]), "here"
    )
    loops(
        "halves",
        scratch=lambda n: (np.empty(1, np.int64),),
        output=lambda n: np.empty(1, np.int64),
        result=lambda out: int(out[0]),
    )(sum_halves)
    expected = sum(k >> 1 for k in range(1001))
    for name in ("python", "numba_loop"):
        function = own_registry.variant("halves", name).function
        assert function is not None
        assert function(1001) == expected
    said = own_registry.variant("halves", "cython_loop").unavailable()
    assert said is not None
    assert "test_loops.py is not built" in said
