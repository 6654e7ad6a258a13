"""``labkit memory``: what it prints where, its exit status, and what it stores; once for real."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from labkit import api
from labkit.core.errors import VariantFailed
from labkit.core.registry import Registry
from labkit.profiling.allocations import AllocationLine
from labkit.profiling.memory import MemoryProfile
from labkit.store.artefact import read_artefact
from tests.cli.conftest import Labkit

MIB = 1 << 20
LINES = (
    AllocationLine("whole", "/home/me/mine.py", 3, "x = image + 1", 3 * MIB, 5 * MIB, 7),
    AllocationLine("elsewhere", "", 0, "the interpreter", MIB, MIB, 2),
)
PROFILE = MemoryProfile(
    "lines", "small", "whole", None, "numpy", 2, 4 * MIB, 0, 4 * MIB, 100, 8, LINES, ("a note",), {"host": "x"}
)
MINE = """\
import numpy as np, labkit as lk
@lk.variant("main_colors", kind="numpy")
def mine(image, n=6):
    held = np.ones(9 << 20, np.uint8)
    return held.sum()
"""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, toy: Registry, results: Path) -> list[Any]:
    """What the command asks to be measured; the answer is always the same."""
    found: list[Any] = []

    def measured(*request: Any) -> MemoryProfile:
        found.append(request)
        return PROFILE

    monkeypatch.setattr(api, "measure_memory", measured)
    return found


def test_it_prints_the_lines_and_where_they_are_stored(labkit: Labkit, asked: list[Any], results: Path) -> None:
    said = labkit("memory", "lines", "whole", "--workload", "small", "--threads", "3")
    (file,) = (results / "memory").iterdir()
    assert asked == [("lines", "whole", "small", 3)]
    assert (said.status, said.err) == (0, "")
    assert "3.0 MiB  75.0%    5.0 MiB       7  x = image + 1" in said.out
    assert said.out.endswith(f"stored in {file}\n")
    assert MemoryProfile.from_document(read_artefact(file)) == PROFILE


def test_json_is_one_document_and_nothing_else(labkit: Labkit, asked: list[Any], results: Path) -> None:
    said = labkit("memory", "lines", "whole", "--json")
    assert (said.status, said.err) == (0, "")
    assert MemoryProfile.from_document(json.loads(said.out)) == PROFILE
    assert len(list((results / "memory").iterdir())) == 1


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_results_folder_that_can_not_be_written_does_not_lose_the_profile(
    labkit: Labkit, asked: list[Any], results: Path, form: list[str]
) -> None:
    results.write_text("no folder")  # also refuses root, unlike a folder's mode
    said = labkit("memory", "lines", "whole", *form)
    assert said.status == 0
    assert "x = image + 1" in said.out
    assert "not stored: Not a directory" in (said.err if form else said.out)
    assert not form or json.loads(said.out)


def test_a_variant_that_fails_is_one_line_and_exit_status_1(
    labkit: Labkit, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*request: Any) -> MemoryProfile:
        raise VariantFailed("whole of stage lines on small: killed by SIGSEGV")

    monkeypatch.setattr(api, "measure_memory", failing)
    said = labkit("memory", "lines", "whole")
    assert (said.status, said.out) == (1, "")
    assert said.err == "labkit: whole of stage lines on small: killed by SIGSEGV\n"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("memory", "Missing argument 'STAGE'"),
        ("memory lines", "Missing argument 'VARIANT[@ENGINE]'"),
        ("memory nope plain", "unknown stage 'nope'; stages: lines"),
        ("memory lines nope", "stage lines has no variant 'nope'; it has: plain, whole, cuda"),
        ("memory lines plain@nope", "unknown engine 'nope'; engines: serial, threads, processes, chunks"),
        ("memory lines plain@", "arm 'plain@': give a variant, or variant@engine, such as native@threads"),
        ("memory lines whole@threads", "whole brings no partial, so it can't run under an engine; these do: plain"),
        ("memory lines plain --workload nope", "stage lines has no workload 'nope'; it has: small, big"),
        ("memory lines plain --workload=", "stage lines has no workload ''; it has: small, big"),
        ("memory lines plain --threads 0", "threads is 0; give a whole number from 1 to "),
        ("memory lines cuda", "cuda of stage lines can't run here: no CUDA device"),
        ("memory lines plain --load missing.py", "missing.py: no such file; give a Python file"),
    ],
)
def test_wrong_usage_is_one_line_that_says_what_would_be_right(
    labkit: Labkit, toy: Registry, results: Path, words: str, line: str
) -> None:
    said = labkit(*words.split())
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("labkit: ")
    assert said.err.count("\n") == 1
    assert line in said.err


def test_for_real_a_loaded_file_is_told_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MINE)
    words = [sys.executable, "-m", "labkit", "memory", "main_colors", "mine", "--load", "mine.py", "--json"]
    environment = os.environ | {"LABKIT_RESULTS": str(tmp_path / "results")}
    ended = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stderr) == (0, "")
    (line,) = [row for row in json.loads(ended.stdout)["lines"] if row["source"].startswith("held")]
    assert (Path(line["file"]).name, line["line"]) == ("mine.py", 4)
    assert line["peak_bytes"] == pytest.approx(9 << 20, rel=0.01)
