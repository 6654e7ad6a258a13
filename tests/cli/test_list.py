"""``labkit list``: what there is, and why what there is not is missing."""

import json
from pathlib import Path

import pytest

from labkit.cli.list_ import CELLS, OPEN, matrix_grid
from labkit.core.registry import Registry
from tests.cli.conftest import Labkit

REASONS = {
    "library": OPEN,
    "numba": OPEN,
    "cython": "nothing is gained [over Numba]",
    "native": OPEN,
    "gpu": "cuda: no CUDA device",
}


def test_every_variant_and_workload_is_listed(labkit: Labkit, toy: Registry) -> None:
    said = labkit("list")
    lines = [" ".join(line.split()) for line in said.out.splitlines()]
    assert said.status == 0
    assert "lines Sums of the lines." in lines
    assert "plain python Line by line. (reference)" in lines
    assert "cuda gpu On the device. — unavailable: no CUDA device" in lines
    assert "on small workload two by two" in lines


def test_the_matrix_shows_all_kinds_and_a_reason_for_each_empty_cell(labkit: Labkit, toy: Registry) -> None:
    _, heading, row, *notes = (" ".join(line.split()) for line in labkit("list", "--matrix").out.splitlines())
    assert heading.split() == ["stage", *CELLS]
    assert row == "lines 1 1 open open – [1] open 1 1 [2]"
    assert notes == [
        f"[1] {REASONS['cython']}",
        f"[2] {REASONS['gpu']}",
        "open: nobody has written one yet (3 of 8 cells)",
    ]


def test_a_reason_that_many_stages_share_is_told_once(labkit: Labkit, toy: Registry) -> None:
    stages = [toy.stage("lines")] * 40
    assert [line.count("[") for line in map(str, matrix_grid(stages).notes)] == [2, 1, 0]


@pytest.mark.parametrize("words", [["--json"], ["--json", "--matrix"]])
def test_json_is_one_document_with_the_matrix(labkit: Labkit, toy: Registry, words: list[str]) -> None:
    said = labkit("list", *words)
    (stage,) = json.loads(said.out)["stages"]
    assert said.err == ""
    assert stage["name"] == "lines"
    assert list(stage["workloads"]) == ["small", "big"]
    assert [v["name"] for v in stage["variants"] if v["unavailable"]] == ["cuda"]
    assert {cell: found["reason"] for cell, found in stage["matrix"].items() if found["reason"]} == REASONS
    assert stage["matrix"]["multiprocess"]["variants"] == ["plain"]


def test_a_loaded_file_is_listed(labkit: Labkit, toy: Registry, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("import labkit as lk\n@lk.variant('lines', kind='numpy')\ndef mine(image):\n  'My own.'\n")
    assert "My own." in labkit("list", "--load", file).out
