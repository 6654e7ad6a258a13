"""``labkit profile`` and ``labkit diff``: which line takes how long, and what changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labkit.core.registry import Registry
from labkit.profiling.profile import Profile
from tests.cli.conftest import Labkit

SHAPES = Path(__file__).parent.parent / "profiling" / "shapes.py"
TINY = ("--workload", "tiny", "--calls", 3)


def test_profile_prints_the_lines_and_stores_them(labkit: Labkit, results: Path) -> None:
    said = labkit("profile", "main_colors", "naive", *TINY)
    (stored,) = (results / "profiles").iterdir()
    assert said.status == 0
    assert said.out.startswith("main_colors/naive on tiny: ")
    assert "# block: drop transparent" in said.out
    assert "ties_by_color" in said.out
    assert "inflation " in said.out
    assert said.err == f"profiling main_colors/naive on tiny: four calls at least\nstored in {stored}\n"


def test_profile_as_json_is_one_document(labkit: Labkit, results: Path) -> None:
    said = labkit("profile", "main_colors", "naive", *TINY, "--json")
    document = json.loads(said.out)
    (stored,) = (results / "profiles").iterdir()
    assert Profile.from_document(document) == Profile.from_document(json.loads(stored.read_text()))
    assert {"calls", "inflation", "total_ns", "functions"} <= set(document)


def test_profile_writes_a_page_that_opens_anywhere(labkit: Labkit, results: Path, tmp_path: Path) -> None:
    said = labkit("profile", "main_colors", "naive", *TINY, "--html", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert said.status == 0
    assert page.startswith("<!doctype html>")
    assert "np.unique(packed, return_counts=True)" in page


def test_profile_says_when_it_will_take_its_time(labkit: Labkit, results: Path) -> None:
    said = labkit("profile", "main_colors", "numba_loop", "--workload", "tiny", "--calls", 1)
    assert "Numba's functions run as plain Python, perhaps a thousand times as long" in said.err
    assert "interpreted" in said.out


def test_diff_prints_blocks_and_totals_and_stores_both(labkit: Labkit, results: Path) -> None:
    said = labkit("diff", "main_colors", "naive", "fast", *TINY)
    (stored,) = (results / "diffs").iterdir()
    assert said.status == 0
    for word in ("drop transparent", "pack colours", "count", "panel", "all lines", "same mark"):
        assert word in said.out
    assert said.err.endswith(f"stored in {stored}\n")


def test_diff_as_json_is_one_document_with_rows_that_add_up(labkit: Labkit, results: Path) -> None:
    document = json.loads(labkit("diff", "main_colors", "naive", "faster", *TINY, "--json").out)
    for side in "ab":
        assert sum(row[f"{side}_share"] for row in document["blocks"]) == pytest.approx(1)
    assert {row["matched"] for row in document["blocks"]} <= {"marked", "unchanged", "only in A", "only in B"}


@pytest.mark.parametrize(
    "words", [("profile", "total_of_values", "crashes"), ("diff", "total_of_values", "plain", "crashes")]
)
def test_a_variant_that_crashes_is_one_line_and_exit_status_1(
    labkit: Labkit, new_registry: Registry, results: Path, words: tuple[str, ...]
) -> None:
    said = labkit(*words, "--load", SHAPES, "--calls", 1)
    assert (said.status, said.out) == (1, "")
    assert said.err.splitlines()[-1] == "labkit: total_of_values/crashes on short killed by SIGSEGV"
    assert "Traceback" not in said.err
    assert not results.exists()


def test_results_that_can_not_be_written_cost_a_line_not_the_profile(
    labkit: Labkit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("in the way")
    monkeypatch.setenv("LABKIT_RESULTS", str(blocked / "results"))
    said = labkit("profile", "main_colors", "fast", *TINY)
    assert said.status == 0
    assert "def fast(" in said.out
    assert said.err.splitlines()[-1].startswith("labkit: the profile is not stored: Not a directory: ")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("profile nope naive", "unknown stage 'nope'"),
        ("profile lines nope", "stage lines has no variant 'nope'; it has: plain, whole, cuda"),
        ("profile lines plain@nope", "unknown engine 'nope'; engines: serial, threads, processes, chunks"),
        ("profile lines whole@threads", "whole brings no partial"),
        ("profile lines cuda", "lines/cuda can't run here: no CUDA device"),
        ("profile lines plain --workload nope", "nope"),
        ("profile lines plain --calls 0", "calls is 0; give a whole number from 1 to"),
        ("profile lines plain --calls 1.5", "Invalid value for '--calls'"),
        ("profile lines plain --budget 0", "budget is 0.0; give seconds above 0"),
        ("profile lines plain --threads 0", "threads is 0; give a whole number from 1 to "),
        ("profile lines", "Missing argument 'VARIANT[@ENGINE]'"),
        ("profile", "Missing argument 'STAGE'"),
        ("diff lines plain", "Missing argument"),
        ("diff lines plain nope", "stage lines has no variant 'nope'"),
        ("diff lines nope plain", "stage lines has no variant 'nope'"),
        ("profile lines plain --load missing.py", "missing.py: no such file"),
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
