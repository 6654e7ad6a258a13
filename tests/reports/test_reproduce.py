"""How to have a run again: what is printed runs as it stands."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import labkit
from labkit.measure.result import Row
from labkit.reports.document.reproduce import commands
from labkit.reports.document.sources import changed, inputs, source
from labkit.store import all_runs
from labkit.store.run import document

Make = Callable[..., Any]
STAGE = """
import numpy as np
import labkit as lk

@lk.stage(reference="plain", workloads=[lk.Workload("w", lambda: (np.arange(64, dtype=np.uint8).reshape(8, 8),))])
def own_negative(image):
    "The negative of an image."

@lk.variant("own_negative", kind="numpy")
def plain(image):
    return 255 - image

@lk.variant("own_negative", kind="numpy")
def mine(image):
    return ~image
"""
PAGES = {"project": "pages", "commit": "fedcba9876", "dirty": False, "version": None, "files": ["mine.py"]}
LABKIT = {"project": "labkit", "commit": None, "dirty": None, "version": "9.9", "files": [], "defines": ["grey"]}
SOURCES = {"session": [], "script": None, "folder": ".", "load": ["mine.py"], "chains": {}}


@pytest.fixture
def run(measurement_of: Make, measured: Make, baseline: Row) -> Make:
    def make(**sources: Any) -> dict[str, Any]:
        projects = [PAGES | {"defines": ["blur"]}, LABKIT]
        return document(measurement_of(baseline, measured("fast"), sources=SOURCES | {"projects": projects} | sources))

    return make


def test_a_run_of_a_file_of_ones_own_runs_again_as_printed(tmp_path: Path) -> None:
    root, place = tmp_path / "my pages", tmp_path / "my pages" / "a folder"
    place.mkdir(parents=True)
    (place / "mine.py").write_text(STAGE)
    results = tmp_path / "results"
    program = tmp_path / "bin" / "labkit"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m labkit \"$@\"\n")
    program.chmod(0o755)
    environment = os.environ | {
        "LABKIT_RESULTS": str(results),
        "PYTHONPATH": str(Path(labkit.__file__).parents[1]),
        "PATH": f"{program.parent}:{os.environ['PATH']}",
    }

    def shell(lines: str, folder: Path) -> None:
        done = subprocess.run(["sh", "-ec", lines], cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    shell("git init -q . && git add . && git -c user.name=n -c user.email=e@x commit -qm first", root)
    shell("labkit bench own_negative --load mine.py --budget 0.05 --threads 1", place)
    (first,) = all_runs(results)
    lines = commands(first.document)
    assert "cd 'a folder'" in lines
    shell("\n".join(lines), root)
    _, again = all_runs(results)
    for fact in ("seed", "budget_s", "threads"):
        assert again.document["settings"][fact] == first.document["settings"][fact]
    assert [row["variant"] for row in again.rows] == [row["variant"] for row in first.rows]
    assert again.document["sources"] == first.document["sources"]


def test_the_commit_of_ones_own_project_is_checked_out_and_its_file_loaded(run: Make) -> None:
    lines = commands(run())
    assert lines[:3] == ["# with labkit 9.9", "# in a checkout of pages", "git checkout fedcba9876"]
    assert lines[3].startswith("labkit bench blur --workloads logo --variants plain,fast --baseline plain --budget 0.3")
    assert lines[3].endswith("--load mine.py")
    assert "make data" not in lines


def test_what_was_defined_in_a_notebook_is_a_comment_that_says_so(run: Make) -> None:
    made = run(session=["blur/fast"], load=[])
    lines = commands(made)
    assert all(line.startswith(("#", "git checkout")) for line in lines)
    assert "# in Python, after what defines blur/fast:" in lines
    assert lines[-1].startswith(
        "# labkit.bench('blur', workloads=['logo'], variants=['plain', 'fast'], baseline='plain'"
    )
    assert "whose source the run does not keep" in changed(made)
    assert source(made).endswith("a session: blur/fast")


def test_a_program_that_measures_itself_is_run_itself(run: Make) -> None:
    assert commands(run(script="mine.py", load=[]))[-1] == "python mine.py"


def test_functions_that_a_command_compared_are_compared_again(run: Make) -> None:
    given = ["mine.py:old", "mine.py:new", "--on", "my pics/*.png"]
    line = "labkit compare mine.py:old mine.py:new --on 'my pics/*.png' --budget 0.3 --threads 2 --seed 7"
    assert commands(run(compared={"blur": given}))[-1] == line


def test_a_stage_made_of_a_chain_is_told_with_it(run: Make) -> None:
    assert "labkit bench --chain my.yaml --workloads logo" in commands(run(chains={"blur": "my.yaml"}))[-1]


def test_what_is_said_of_inputs_is_true_of_ones_own(run: Make) -> None:
    text = inputs([run()])
    assert "The inputs of blur are made by its own workloads (mine.py)" in text
    assert "make data" not in text
    text = inputs([run(projects=[LABKIT | {"defines": ["blur"]}])])
    assert "make data" in text
    assert "own workloads" not in text


def test_a_run_from_before_sources_were_kept_is_told_as_one_of_labkit(run: Make) -> None:
    old = run()
    del old["sources"]
    assert commands(old)[:2] == ["git checkout 0123456789abcdef", "make data"]
    assert source(old) == "labkit at 0123456789"
