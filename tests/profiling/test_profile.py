"""A profile as its reader gets it: sums that are exact, honest rows for what has no lines, and errors of one line."""

from __future__ import annotations

import inspect
import json
import linecache
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import labkit as lk
from labkit.core.errors import UsageError, VariantFailed
from labkit.core.registry import registry
from labkit.profiling.profile import Profile
from labkit.profiling.run import profile_arms
from labkit.reports.shown import ProfileShown, shown_profile
from labkit.store.artefact import read_artefact
from tests.profiling.conftest import CALLS, SHAPES, STAGE, Hits

CELL = """\
def mine(image, n=6):
    # block: the only one
    image = image.copy()
    return naive_variant(image, n)
"""


def test_all_own_times_add_up_to_the_total_exactly(shapes: dict[str, Profile]) -> None:
    for profile in shapes.values():
        assert profile.total_ns == sum(line.own_ns for f in profile.functions for line in f.lines) > 0
        assert all(0 <= line.own_ns <= line.time_ns for f in profile.functions for line in f.lines)


@pytest.mark.parametrize(
    "name", ["plain", "by_neighbour", "nested", "methods", "generator", "recursion", "by_decorated"]
)
def test_the_total_is_what_the_outermost_function_took(shapes: dict[str, Profile], name: str) -> None:
    profile = shapes[name]
    assert profile.total_ns == sum(line.time_ns for line in profile.functions[0].lines)
    assert profile.total_ns <= sum(profile.recorded_ns)


def test_every_profile_tells_its_calls_and_its_inflation(shapes: dict[str, Profile]) -> None:
    for profile in shapes.values():
        assert profile.calls == len(profile.plain_ns) == CALLS
        assert profile.inflation > 0
        assert "inflation " in repr(shown_profile(profile))
        assert "inflation " in shown_profile(profile)._repr_html_()


def test_the_source_is_stored_with_the_profile(shapes: dict[str, Profile]) -> None:
    variant = registry.variant(STAGE, "plain").function
    assert variant is not None
    first = shapes["plain"].functions[0]
    assert "\n".join(line.source for line in first.lines) == inspect.getsource(variant).rstrip()
    assert (first.first_line, first.file) == (variant.__code__.co_firstlineno, "tests/profiling/shapes.py")


def test_the_table_has_one_row_a_source_line(shapes: dict[str, Profile]) -> None:
    profile = shapes["plain"]
    table = profile.table
    assert len(table) == sum(len(function.lines) for function in profile.functions)
    assert table["own_share"].sum() == pytest.approx(1)
    assert table["own_s"].sum() == pytest.approx(profile.total_ns * 1e-9)
    assert set(table.loc[table["hits"] == 0, "time_s"]) == {0.0}


def test_a_profile_is_read_back_from_its_json_as_it_was(shapes: dict[str, Profile]) -> None:
    for profile in shapes.values():
        assert Profile.from_document(json.loads(json.dumps(profile.document, allow_nan=False))) == profile


@pytest.mark.parametrize("change", [{"schema": 99}, {"artefact": "diff"}, {"artefact": None}])
def test_another_document_is_no_profile(shapes: dict[str, Profile], change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a line profile"):
        Profile.from_document(shapes["plain"].document | change)


@pytest.mark.parametrize(
    ("name", "how", "word"),
    [
        ("plain", "lines", "by line"),
        ("uses_jitted", "interpreted", "ran as plain Python"),
        ("jitted_itself", "interpreted", "ran as plain Python"),
        ("uses_jitted@threads", "interpreted", "ran as plain Python"),
        ("beside_jitted", "lines", "by line"),
        ("in_c", "whole", "no line could be seen"),
        ("in_c@threads", "whole", "no line could be seen"),
        ("as_if_on_gpu", "whole", "its lines only queue work"),
        ("in_threads", "lines", "times are summed over threads"),
        ("plain@threads", "lines", "times are summed over threads"),
        ("plain@processes", "lines", "times are summed over 2 worker processes"),
        ("own_processes", "lines", "summed over 2 worker processes; the line that waits counts its wait"),
        ("kept_pool", "lines", "summed over 2 worker processes; the line that waits counts its wait"),
        ("bare_process", "lines", "1 processes that the variant itself starts are not in it"),
        ("notices", "lines", "does not agree with the variant itself: output: is 67, expected 66"),
    ],
)
def test_a_profile_says_how_it_was_taken(shapes: dict[str, Profile], name: str, how: str, word: str) -> None:
    assert shapes[name].how == how
    assert word in repr(shown_profile(shapes[name]))


def test_one_row_has_the_measured_time_of_plain_calls(shapes: dict[str, Profile]) -> None:
    for name in ("in_c", "in_c@threads", "as_if_on_gpu"):
        (function,) = shapes[name].functions
        (line,) = function.lines
        assert (line.hits, line.own_ns) == (CALLS, sum(shapes[name].plain_ns))


def test_only_what_differs_while_recorded_is_said_to_differ(shapes: dict[str, Profile]) -> None:
    differing = {name for name, p in shapes.items() if any("does not agree" in note for note in p.notes)}
    assert differing == {"notices", "jitted_itself"}  # a jitted function gives an int, interpreted an np.int64


@pytest.fixture
def loaded() -> None:
    registry.load(SHAPES)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("raises", "raised KeyError: 'no such <value>' (shapes.py:"),
        ("crashes", "killed by SIGSEGV"),
        ("leaves", "ended with exit status 3"),
        ("exits", "raised SystemExit: 2 (shapes.py:"),
    ],
)
def test_a_variant_that_fails_is_named_in_one_line(loaded: None, name: str, word: str) -> None:
    with pytest.raises(VariantFailed) as failed:
        profile_arms(STAGE, ["plain", name], calls=CALLS)
    text = str(failed.value)
    assert text.startswith(f"{STAGE}/{name} on short ")
    assert word in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("stage", "arm", "options", "word"),
    [
        ("nope", "plain", {}, "unknown stage 'nope'"),
        (STAGE, "nope", {}, "has no variant 'nope'"),
        (STAGE, "plain@nope", {}, "unknown engine 'nope'"),
        (STAGE, "generator@threads", {}, "generator brings no partial"),
        (STAGE, "unmet", {}, "can't run here: needs the module a_module_nobody_has"),
        (STAGE, "plain", {"workload": "nope"}, "nope"),
        (STAGE, "plain", {"calls": 0}, "calls is 0; give a whole number from 1 to"),
        (STAGE, "plain", {"calls": 1.5}, "calls is 1.5; give a whole number from 1 to"),
        (STAGE, "plain", {"budget_s": -1.0}, "budget is -1.0; give seconds above 0"),
    ],
)
def test_what_is_not_there_is_refused_before_anything_runs(
    loaded: None, stage: str, arm: str, options: dict[str, Any], word: str
) -> None:
    with pytest.raises(UsageError, match=word.replace("(", r"\(")):
        profile_arms(stage, [arm], **options)


def test_a_profile_is_stored_and_an_unwritable_folder_costs_only_a_warning(tmp_path: Path) -> None:
    made = lk.profile("main_colors", "fast", "tiny", calls=1, results=tmp_path / "results")
    (stored,) = (tmp_path / "results" / "profiles").iterdir()
    assert ProfileShown.from_document(read_artefact(stored)) == made
    blocked = tmp_path / "a file"
    blocked.write_text("in the way")
    with pytest.warns(UserWarning, match="the profile is not stored: .*a file"):
        lk.profile("main_colors", "fast", "tiny", calls=1, results=blocked / "results")


def test_a_variant_from_a_notebook_cell_is_profiled_with_its_source(
    monkeypatch: pytest.MonkeyPatch, hits: Hits, restored_registry: None
) -> None:
    name = "/tmp/ipykernel_1234/5678.py"  # what a kernel calls a cell: no such file exists
    monkeypatch.setitem(linecache.cache, name, (len(CELL), None, CELL.splitlines(keepends=True), name))
    naive = registry.variant("main_colors", "naive").function
    space: dict[str, Any] = {"__name__": "__main__", "naive_variant": naive}
    exec(compile(CELL, name, "exec"), space)
    lk.variant("main_colors", kind="numpy", name="of_a_cell")(space["mine"])
    (profile,) = profile_arms("main_colors", ["of_a_cell"], "tiny", calls=CALLS)
    assert profile.functions[0].lines[0].source == "def mine(image, n=6):"
    assert hits(profile, "mine") == {"image = image.copy()": CALLS, "return naive_variant(image, n)": CALLS}
    assert {line.block for line in profile.functions[0].lines if line.hits} == {"the only one"}
    assert "naive" in [function.name for function in profile.functions]


@pytest.fixture
def restored_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test brings into the registry is taken out again."""
    registry.discover()
    monkeypatch.setattr(registry, "variants", {stage: dict(known) for stage, known in registry.variants.items()})
    monkeypatch.setattr(registry, "brought", list(registry.brought))


def test_a_file_loaded_from_a_folder_with_spaces_and_korean_letters_is_own(
    tmp_path: Path, hits: Hits, restored_registry: None
) -> None:
    folder = tmp_path / "내 단계 folder"
    folder.mkdir()
    file = folder / "변형 mine.py"
    file.write_text(
        f'import labkit as lk\n\n\n@lk.variant("main_colors", kind="numpy", name="of_a_file")\n{CELL}'.replace(
            "naive_variant(image, n)", 'lk.core.registry.variant("main_colors", "naive").function(image, n)'
        ),
        encoding="utf-8",
    )
    registry.load(file)
    (profile,) = profile_arms("main_colors", ["of_a_file"], "tiny", calls=CALLS)
    assert profile.functions[0].file == "변형 mine.py"
    assert hits(profile, "mine")["image = image.copy()"] == CALLS


SCRIPT = """\
from labkit.core.registry import registry
function = registry.variant("main_colors", "naive").function
(image,) = registry.stage("main_colors").workload("tiny").build()
{}
"""


def test_kernprof_shows_the_lines_of_a_variant(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format("function(image)"))
    command = [sys.executable, "-m", "kernprof", "-lvp", "labkit.stages.main_colors.naive", "-o", "out.lprof", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ | {"COLUMNS": "200"})
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if "np.unique(packed, return_counts=True)" in line]
    assert line.split()[1] == "1"


def test_lprun_in_a_notebook_shows_the_lines_of_a_variant(tmp_path: Path) -> None:
    magic = "%load_ext line_profiler\nfound = %lprun -r -f function function(image)\nfound.print_stats()"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SCRIPT.format(magic))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    text = "".join(output.get("text", "") for output in notebook.cells[0].outputs)
    (line,) = [line for line in text.splitlines() if "np.unique(packed, return_counts=True)" in line]
    assert line.split()[1] == "1"
