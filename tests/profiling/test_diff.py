"""Two profiles side by side: lines in blocks that mean the same step, rows that add up, and what matches nothing says so."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

import labkit as lk
from labkit.profiling.diff import Block, ProfileDiff, diff_profiles
from labkit.profiling.profile import Function, Line, Profile
from labkit.profiling.run import profile_arms
from labkit.reports.shown import ProfileShown, shown_diff
from labkit.store.artefact import read_artefact

REAL = ("naive", "fast", "faster", "python", "np_sort", "native")
TALK = ("drop transparent", "pack colours", "count", "panel")


def made(variant: str, *lines: tuple[str, str | None, int]) -> Profile:
    """A made-up profile of one function: source, block and nanoseconds of each line, two calls."""
    rows = tuple(Line(n, source, block, 1, ns, ns) for n, (source, block, ns) in enumerate(lines, 2))
    function = Function(variant, "file.py", 1, (Line(1, f"def {variant}():", None, 0, 0, 0), *rows))
    return Profile("blur", "logo", variant, "numpy", "lines", (function,), (5, 5), (9, 9), (), {})


@pytest.fixture(scope="module")
def real() -> dict[str, Profile]:
    return dict(zip(REAL, profile_arms("main_colors", REAL, "tiny", calls=3, seed=3), strict=True))


def by_name(diff: ProfileDiff) -> dict[str, Block]:
    return {block.name: block for block in diff.blocks}


@pytest.mark.parametrize(("a", "b"), list(permutations(REAL, 2)))
def test_the_rows_of_any_two_variants_add_up_to_both_totals_exactly(real: dict[str, Profile], a: str, b: str) -> None:
    diff = diff_profiles(real[a], real[b])
    assert sum(block.a_ns for block in diff.blocks) == real[a].total_ns
    assert sum(block.b_ns for block in diff.blocks) == real[b].total_ns
    table = diff.table
    assert [table["a_share"].sum(), table["b_share"].sum()] == pytest.approx([1, 1])
    change = real[b].total_ns / real[b].calls - real[a].total_ns / real[a].calls
    assert table["change_s"].sum() == pytest.approx(change * 1e-9)


@pytest.mark.parametrize(("a", "b"), list(permutations(REAL, 2)))
def test_every_line_that_ran_stands_in_one_block(real: dict[str, Profile], a: str, b: str) -> None:
    diff = diff_profiles(real[a], real[b])
    for side, profile in (("a", real[a]), ("b", real[b])):
        shown = [(f.file, f.first_line, line.number) for block in diff.blocks for f, line in getattr(block, side)]
        ran = [(f.file, f.first_line, line.number) for f, line in profile.executed]
        assert sorted(shown) == sorted(ran)
        for block in diff.blocks:
            paired = [pair["ab".index(side)] for pair in block.pairs]
            assert [ran for ran in paired if ran] == list(getattr(block, side))


@pytest.mark.parametrize(("a", "b"), [("naive", "fast"), ("fast", "faster"), ("naive", "faster")])
def test_the_steps_of_the_talk_are_matched(real: dict[str, Profile], a: str, b: str) -> None:
    found = by_name(diff_profiles(real[a], real[b]))
    assert [found[name].matched for name in TALK] == ["marked"] * 4


def test_a_helper_belongs_to_the_step_that_calls_it(real: dict[str, Profile]) -> None:
    found = by_name(diff_profiles(real["naive"], real["faster"]))
    assert "ties_by_color" in {function.name for function, _ in found["count"].a}
    assert {"counted"} == {function.name for function, _ in found["pack colours"].b}


def test_the_blocks_of_the_talk_are_seen_in_the_whole_function(tmp_path: Path) -> None:
    diff = lk.diff("main_colors_of_file", "naive", "faster", "logo", calls=3, results=tmp_path)
    found = by_name(diff)
    assert set(found) == {"load", "main colours", *TALK}
    assert {block.matched for block in diff.blocks} == {"marked"}
    assert sum(block.a_ns for block in diff.blocks) == diff.a.total_ns
    assert sum(block.b_ns for block in diff.blocks) == diff.b.total_ns


def test_a_diff_is_stored_with_both_profiles(tmp_path: Path) -> None:
    diff = lk.diff("main_colors", "fast", "faster", "tiny", calls=1, results=tmp_path)
    (stored,) = (tmp_path / "diffs").iterdir()
    document = read_artefact(stored)
    assert [ProfileShown.from_document(document[side]) for side in "ab"] == [diff.a, diff.b]
    assert document["blocks"] == json.loads(json.dumps(diff.rows))


def test_unmarked_lines_belong_together_when_unchanged() -> None:
    a = made("a", ("x = load()", None, 10), ("y = slow(x)", None, 80), ("return y", None, 2))
    b = made("b", ("x = load()", None, 11), ("y = fast(x)", None, 20), ("return y", None, 3))
    blocks = [(block.name, block.matched, block.a_ns, block.b_ns) for block in diff_profiles(a, b).blocks]
    assert blocks == [
        ("x = load()", "unchanged", 10, 11),
        ("y = slow(x)", "only in A", 80, 0),
        ("y = fast(x)", "only in B", 0, 20),
        ("return y", "unchanged", 2, 3),
    ]


def test_a_step_that_only_one_has_says_so() -> None:
    a = made("a", ("x()", "load", 10), ("y()", "sort", 80))
    b = made("b", ("x()", "load", 10), ("z()", "panel", 5))
    diff = diff_profiles(a, b)
    assert [(block.name, block.matched) for block in diff.blocks] == [
        ("load", "marked"),
        ("sort", "only in A"),
        ("panel", "only in B"),
    ]
    assert "nothing in B matches" in repr(shown_diff(diff))
    assert "nothing in A matches" in repr(shown_diff(diff))


def test_nothing_alike_is_all_unmatched() -> None:
    a, b = made("a", ("x()", None, 10)), made("b", ("y()", None, 4))
    assert [block.matched for block in diff_profiles(a, b).blocks] == ["only in A", "only in B"]


def test_times_are_a_call_and_shares_of_each_total() -> None:
    a, b = made("a", ("x()", "load", 30), ("y()", "sort", 10)), made("b", ("x()", "load", 10))
    row = diff_profiles(a, b).table.iloc[0]
    assert (row["a_s"], row["b_s"]) == pytest.approx((15e-9, 5e-9))
    assert (row["a_share"], row["b_share"], row["change_share"]) == (0.75, 1.0, 0.25)
    assert row["change_s"] == pytest.approx(-10e-9)


def test_a_variant_beside_itself_has_not_changed(real: dict[str, Profile]) -> None:
    diff = diff_profiles(real["naive"], real["naive"])
    assert {block.matched for block in diff.blocks} == {"marked"}
    assert {row["change_s"] for row in diff.rows} == {0}


@pytest.mark.parametrize("other", [{"workload": "photo"}, {"stage": "sharpen"}])
def test_profiles_of_two_workloads_or_stages_are_not_compared(other: dict[str, str]) -> None:
    a = made("a", ("x()", None, 10))
    with pytest.raises(ValueError, match="can't be set side by side"):
        diff_profiles(a, replace(a, **other))
