"""What C++ is compiled to for other machines computes the same: on each path of instructions that this one has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import labkit
from labkit.core.simd import VARIABLE, available

STAGES = [path.parent.name for path in sorted(Path(labkit.__file__).parent.glob("stages/*/native.cpp"))]


@pytest.mark.parametrize("path", available()[1:])
@pytest.mark.parametrize("stage", STAGES)
def test_it_computes_the_same(stage: str, path: str) -> None:
    words = [sys.executable, "-m", "tests.conformance.other_machine", stage]
    done = subprocess.run(words, capture_output=True, text=True, env=os.environ | {VARIABLE: path})
    assert done.stdout.strip() == "same", done.stderr[-900:]
