"""What C++ is compiled to for other machines computes the same: on each path of instructions that this one has."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from labkit.core.simd import VARIABLE, available


@pytest.mark.parametrize("path", available()[1:])
def test_it_computes_the_same(path: str) -> None:
    """By one process for all: the last name that it printed is the variant that did not."""
    words = [sys.executable, "-m", "tests.conformance.other_machine"]
    done = subprocess.run(words, capture_output=True, text=True, env=os.environ | {VARIABLE: path})
    *_, last = done.stdout.split() or [""]
    assert last == "same", f"{last}: exit status {done.returncode}: {done.stderr[-900:]}"
