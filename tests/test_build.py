"""Without a compiler everything else works, and what is compiled says why it is unavailable."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def uncompiled(tmp_path_factory):
    """The source tree, built where every compiler fails."""
    tree = tmp_path_factory.mktemp("no compiler")
    shutil.copy(ROOT / "setup.py", tree)
    shutil.copytree(ROOT / "labkit", tree / "labkit", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    if (ROOT / "build" / "cython").exists():  # what Cython made needs no compiler, and is not made once more
        shutil.copytree(ROOT / "build" / "cython", tree / "build" / "cython")
    broken = os.environ | {"CC": "/bin/false", "CXX": "/bin/false"}
    words = [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"]
    done = subprocess.run(words, cwd=tree, env=broken, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return tree


def said(tree, *words):
    """What the command prints when it runs from that tree."""
    environment = os.environ | {"PYTHONPATH": str(tree), "LABKIT_RESULTS": str(tree / "results")}
    command = [sys.executable, "-m", "labkit", *words]
    return json.loads(subprocess.run(command, cwd=tree, env=environment, capture_output=True, check=True).stdout)


def test_compiled_variants_say_that_they_were_not_built(uncompiled):
    stages = {stage["name"]: stage for stage in said(uncompiled, "list", "--json")["stages"]}
    reasons = {variant["name"]: variant["unavailable"] for variant in stages["main_colors"]["variants"]}
    for name, file in (
        ("native", "native.cpp"),
        ("cython_loop", "cython_loop.pyx"),
        ("cython_typed", "cython_typed.pyx"),
    ):
        assert reasons[name] == f"{file} was not built: no working C/C++ compiler at install time"
    assert reasons["naive"] is None
    pipeline = {variant["name"]: variant["unavailable"] for variant in stages["main_colors_of_file"]["variants"]}
    assert pipeline["best"] is not None


def test_the_rest_is_measured_against_the_limit_all_the_same(uncompiled):
    words = ("bench", "main_colors", "--variants", "faster,native", "--workloads", "tiny", "--budget", "0.3", "--json")
    rows = {row["variant"]: row for row in said(uncompiled, *words)["rows"]}
    assert rows["native"]["status"] == "unavailable"
    assert rows["faster"]["status"] == "measured"
    assert rows["faster"]["limit_ratio"] > 0
