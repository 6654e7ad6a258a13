"""Compiled variants read nothing beyond their inputs, keep nothing, and survive that memory ends."""

from __future__ import annotations

import gc
import os
import subprocess
import sys

import psutil
import pytest

from labkit.core.parts import arrays
from tests.conformance.trials import Opened, difference, edge_cases, expected, given, variants

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs mprotect and RLIMIT_AS")
QUICK = 20_000  # bytes of an answer
GROWTH = 2 << 20  # of resident memory, which is seldom quite still


@LINUX
@pytest.mark.parametrize(("script", "end"), [("guarded", "unharmed"), ("short_of_memory", "well")])
def test_every_compiled_variant_stands(script: str, end: str) -> None:
    """By one process for all: the last name that it printed is the variant that did not."""
    words = [sys.executable, "-m", f"tests.conformance.{script}"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    done = subprocess.run(words, capture_output=True, text=True, env=environment)
    *_, last = done.stdout.split() or [""]
    assert last == end, f"{last}: exit status {done.returncode}: {done.stderr[-900:]}"


def modest(stage: str) -> str:
    """The edge case with the largest answer that is still quick to make: what is kept of it at each call adds up."""
    size = {case: sum(array.nbytes for _, array in arrays(expected(stage, case))) for case in edge_cases(stage)}
    return max(size, key=lambda case: (size[case] <= QUICK, size[case] if size[case] <= QUICK else -size[case]))


@pytest.mark.parametrize(("stage", "name"), variants("cython", "native", many=False))
def test_calls_leave_memory_and_references_as_they_were(stage: str, name: str, opened: Opened) -> None:
    """So many that an answer, or a large part of one, kept at each would be seen; blocks show what is too small for that."""
    function, case = opened(stage, name), modest(stage)
    inputs = given(stage, case)
    calls = min(4000, max(400, 3 * GROWTH // (sum(a.nbytes for _, a in arrays(expected(stage, case))) or 1)))
    assert difference(stage, case, function) is None

    def after(count: int) -> tuple[int, int, list[int]]:
        for _ in range(count):
            function(*inputs)
        gc.collect()
        references = [sys.getrefcount(one) for one in inputs if not isinstance(one, int)]  # small ones are everybody's
        return psutil.Process().memory_info().rss, sys.getallocatedblocks(), references

    resident, blocks, references = after(100)
    later = after(calls)
    assert later[0] - resident < GROWTH
    assert later[1] - blocks < calls // 10
    assert later[2] == references
