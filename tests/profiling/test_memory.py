"""Memory profiles: known allocations are told line by line, whatever the process, thread or file they happen in."""

import dataclasses
import json
import linecache
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import memray
import numpy as np
import pytest

import labkit as lk
from labkit.core.errors import UsageError, VariantFailed
from labkit.core.registry import registry
from labkit.profiling import allocations, memory
from labkit.profiling.allocations import ELSEWHERE, UNLINED, place_of, read_folder, tracking
from labkit.profiling.memory import MemoryProfile, measure_memory
from labkit.profiling.memory_task import bytes_held
from labkit.profiling.sources import short_path
from labkit.reports.shown import shown_memory
from labkit.store.artefact import keep_artefact, read_artefact, save_artefact

FILE = Path(__file__).with_name("allocating.py")
MIB = 1 << 20
CELL = "/tmp/ipykernel_1/1234567.py"
CELL_SOURCE = """\
def in_a_cell(image):
    held = np.zeros(5 << 20, np.uint8) + 1
    return float(held[0])
"""


@pytest.fixture(scope="module")
def profile() -> Callable[[str], MemoryProfile]:
    """The profile of a variant of the stage ``allocating``; measured once."""
    registry.load(FILE)
    return cache(lambda variant: measure_memory("allocating", variant, threads=2))


def row(profile: MemoryProfile, text: str) -> Any:
    (found,) = [line for line in profile.lines if text in line.source]
    return found


@pytest.mark.parametrize(
    ("text", "at_peak", "allocated"),
    [("kept = ", 8, 8), ("freed = ", 0, 4), ("cv2.copyMakeBorder", 6, 6), ("kept + 1", 8, 8)],
)
def test_arrays_of_numpy_and_opencv_are_told_on_their_lines(
    profile: Any, text: str, at_peak: int, allocated: int
) -> None:
    found = row(profile("arrays"), text)
    assert (found.function, found.file) == ("arrays", short_path(str(FILE)))
    assert FILE.read_text().splitlines()[found.line - 1].strip() == found.source
    assert found.peak_bytes == pytest.approx(at_peak * MIB, rel=0.02, abs=2000)
    assert found.allocated_bytes == pytest.approx(allocated * MIB, rel=0.02)
    assert found.allocations >= 1


def test_the_peak_of_the_process_is_that_of_what_was_held_together(profile: Any) -> None:
    assert profile("arrays").peak_bytes == pytest.approx(22 * MIB, rel=0.05)


def test_a_temporary_that_comes_and_goes_within_a_line_is_seen(profile: Any) -> None:
    found = profile("temporaries")
    assert row(found, "astype").peak_bytes == pytest.approx(16 * MIB, rel=0.02)
    assert found.peak_bytes == pytest.approx(16 * MIB, rel=0.05)


def test_python_objects_count_on_the_line_that_makes_them(profile: Any) -> None:
    found = row(profile("objects"), "pairs = [")
    assert found.function == "objects"
    assert found.allocations >= 300_000  # a tuple and two numbers each
    assert found.peak_bytes == pytest.approx(100_000 * (72 + 2 * 32) + 800_000, rel=0.15)  # Python 3.11 to 3.13


@pytest.mark.parametrize("variant", ["arrays", "objects", "forks", "ufunc", "arrays@threads", "arrays@processes"])
def test_rows_add_up_to_the_greatest_total(profile: Any, variant: str) -> None:
    found = profile(variant)
    assert sum(line.peak_bytes for line in found.lines) == found.tracked_peak_bytes > 0


def test_the_total_is_the_one_that_memray_tells(tmp_path: Path) -> None:
    with tracking(str(tmp_path)):
        held = [np.ones(3 * MIB, np.uint8), bytearray(MIB)]
    (file,) = tmp_path.glob("*.bin")
    with memray.FileReader(file) as reader:
        assert read_folder(str(tmp_path), ()).total == reader.metadata.peak_memory
    assert len(held) == 2


@pytest.mark.parametrize(("engine", "processes"), [("serial", 1), ("threads", 1), ("processes", 3)])
def test_the_partial_is_told_under_every_engine(profile: Any, engine: str, processes: int) -> None:
    found = profile(f"arrays@{engine}")
    assert (found.variant, found.engine) == ("arrays", engine)
    told = row(found, "wide = ")
    assert told.function == "banded"
    assert told.allocated_bytes == pytest.approx(8 * MIB, rel=0.02)
    assert any(f"{processes} processes" in note for note in found.notes) == (processes > 1)


def test_what_worker_processes_hold_counts_in_the_peak(profile: Any) -> None:
    found = profile("arrays@processes")
    assert row(found, "wide = ").peak_bytes == pytest.approx(8 * MIB, rel=0.02)
    assert found.peak_bytes > 3.9 * MIB  # one band at least; both at once depends on the machine
    assert found.standing_bytes > MIB


def test_a_process_that_the_call_forks_is_tracked_and_counted(profile: Any) -> None:
    found = profile("forks")
    assert row(found, "held = ").peak_bytes == pytest.approx(32 * MIB, rel=0.02)
    assert 32 * MIB < found.peak_bytes < 64 * MIB
    assert any("2 processes" in note for note in found.notes)


def test_a_compiled_variant_is_one_row_with_its_name_and_kind(profile: Any) -> None:
    first, *others = profile("ufunc").lines
    assert (first.function, first.file, first.line) == ("ufunc", "", 0)
    assert first.source.startswith("native: compiled")
    assert first.peak_bytes == pytest.approx(MIB, rel=0.02)
    assert [line.function for line in others] in ([], ["elsewhere"])


def test_a_variant_that_is_a_librarys_function_is_one_row_too(profile: Any) -> None:
    first = profile("borrowed").lines[0]
    assert (first.function, first.source) == ("borrowed", "library: it has no line of yours")
    assert first.peak_bytes == pytest.approx(MIB, rel=0.02)


def test_sizes_of_inputs_and_output_are_told(profile: Any) -> None:
    assert profile("ufunc").input_bytes == profile("ufunc").output_bytes == MIB
    assert profile("arrays").workload == "square"


def test_a_call_too_long_for_single_objects_says_that_it_tells_arenas(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.load(FILE)
    monkeypatch.setattr(memory, "LONG_CALL_S", 0.0)
    found = measure_memory("allocating", "objects")
    assert any("arenas" in note for note in found.notes)
    assert row(found, "pairs = [").allocations < 1000
    assert row(found, "pairs = [").peak_bytes > 10 * MIB


@pytest.fixture
def cell() -> Iterator[None]:
    """A variant as a notebook's cell defines it: its file does not exist, its source is in this process only."""
    linecache.cache[CELL] = (len(CELL_SOURCE), None, CELL_SOURCE.splitlines(keepends=True), CELL)
    space: dict[str, Any] = {"__name__": "__main__", "np": np}
    exec(compile(CELL_SOURCE, CELL, "exec"), space)
    registry.load(FILE)
    brought = list(registry.brought)
    lk.variant("allocating", kind="numpy")(space["in_a_cell"])
    yield
    registry.brought = brought
    del registry.variants["allocating"]["in_a_cell"], linecache.cache[CELL]


@pytest.mark.usefixtures("cell")
def test_a_function_of_a_notebook_cell_has_its_lines() -> None:
    found = row(measure_memory("allocating", "in_a_cell"), "held = np.zeros")
    assert (found.function, found.file, found.line) == ("in_a_cell", short_path(CELL), 2)
    assert found.peak_bytes == pytest.approx(10 * MIB, rel=0.02)


@pytest.mark.parametrize(
    ("variant", "seconds", "why"),
    [
        ("raises", 30, "raised KeyError: 'no such colour' (allocating.py:"),
        ("crashes", 30, "killed by SIGSEGV"),
        ("hangs", 0.5, "did not end within 1 s"),
        ("hoards", 30, "took more memory than it may (limit 1.0 GiB)"),
    ],
)
def test_a_variant_that_fails_is_one_line_that_says_how(variant: str, seconds: float, why: str) -> None:
    registry.load(FILE)
    with pytest.raises(VariantFailed) as failed:
        measure_memory("allocating", variant, time_limit_s=seconds, memory_limit=2**30)
    assert f"{variant} of stage allocating on square: {why}" in str(failed.value)
    assert "\n" not in str(failed.value)


@pytest.mark.parametrize(
    ("variant", "workload", "line"),
    [
        ("nope", None, "stage allocating has no variant 'nope'"),
        ("arrays", "nope", "stage allocating has no workload 'nope'; it has: square, other"),
        ("arrays", "squ*", "stage allocating has no workload 'squ*'"),
        ("objects@threads", None, "objects brings no partial"),
        ("arrays@nope", None, "unknown engine 'nope'"),
        ("absent", None, "absent of stage allocating can't run here: no CUDA device"),
        ("refuses", None, "refuses of stage allocating does not take square: reads JPEG only"),
    ],
)
def test_what_can_not_be_measured_is_a_usage_error(variant: str, workload: str | None, line: str) -> None:
    registry.load(FILE)
    with pytest.raises(UsageError, match=line.replace("*", r"\*")):
        measure_memory("allocating", variant, workload)


@pytest.mark.parametrize(
    "names", [(5, "arrays", None), ("allocating", None, None), ("allocating", "arrays", ["square"])]
)
def test_a_name_that_is_none_is_a_type_error(names: Any) -> None:
    with pytest.raises(TypeError, match="give a name"):
        measure_memory(*names)


def test_without_memray_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.load(FILE)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="needs memray, which is not installed"):
        measure_memory("allocating", "arrays")


def test_a_profile_survives_its_document(profile: Any) -> None:
    found = profile("arrays@threads")
    again = MemoryProfile.from_document(json.loads(json.dumps(found.document, allow_nan=False)))
    assert again == found
    assert again.machine == found.machine
    with pytest.raises(UsageError, match="schema 99"):
        MemoryProfile.from_document(found.document | {"schema": 99})


def test_the_table_has_one_row_a_line(profile: Any) -> None:
    found = profile("arrays")
    assert list(found.table["peak_bytes"]) == [line.peak_bytes for line in found.lines]
    assert list(found.table) == ["function", "file", "line", "source", "peak_bytes", "allocated_bytes", "allocations"]


def test_it_shows_every_large_line_and_where_it_is_stored(profile: Any) -> None:
    found = dataclasses.replace(profile("arrays"), path=Path("/x/y.json"))
    for shown in (repr(shown_memory(found)), shown_memory(found)._repr_html_()):
        assert all(
            text in shown for text in ("kept = ", "freed = ", "cv2.copyMakeBorder", "elsewhere", "8.0 MiB", "/x/y.json")
        )
    assert "not stored: Permission denied" in repr(
        shown_memory(dataclasses.replace(found, path=None, problem="Permission denied"))
    )


def test_html_escapes_names_and_sources_and_runs_nothing(profile: Any) -> None:
    evil = "<script>alert('&')</script>"
    plain = profile("arrays")
    line = dataclasses.replace(plain.lines[0], function=evil, file=f"/{evil}", source=evil)
    found = dataclasses.replace(
        plain, stage=evil, variant=evil, workload=evil, kind=evil, lines=(line,), notes=(evil,), problem=evil
    )
    shown = shown_memory(found)._repr_html_()
    assert "<script" not in shown
    assert "'&'" not in shown
    assert shown.count("&lt;script&gt;") >= 7


def test_text_holds_no_control_characters(profile: Any) -> None:
    line = dataclasses.replace(profile("arrays").lines[0], source="x = '\x1b[31m\x07'")
    assert "\x1b" not in repr(shown_memory(dataclasses.replace(profile("arrays"), lines=(line,), notes=("\x1b",))))


HERE, INSIDE = "/home/me/mine.py", allocations.__file__


@pytest.mark.parametrize(
    ("stack", "place"),
    [
        ([("ones", np.__file__, 3), ("f", HERE, 7), ("g", HERE, 9)], ("f", HERE, 7)),
        ([("<listcomp>", HERE, 8), ("f", HERE, 7)], ("f", HERE, 8)),
        ([("<genexpr>", HERE, 8), ("join", np.__file__, 1), ("f", HERE, 7)], ("f", HERE, 8)),
        ([("<genexpr>", HERE, 8)], ("<genexpr>", HERE, 8)),
        ([("<lambda>", HERE, 8), ("f", HERE, 7)], ("<lambda>", HERE, 8)),
        ([("dot", np.__file__, 3), ("call_variant", INSIDE, 5), ("f", HERE, 7)], UNLINED),
        ([("tracking", INSIDE, 5), ("call_variant", INSIDE, 5)], ELSEWHERE),
        ([("run", os.__file__, 5)], ELSEWHERE),
        ([], ELSEWHERE),
    ],
)
def test_an_allocation_belongs_to_the_innermost_line_of_the_users_code(stack: Any, place: Any) -> None:
    assert place_of(stack, (), {}) == place


def test_code_of_the_variants_folder_is_the_users_wherever_it_is_installed() -> None:
    file = np.__file__
    assert place_of([("f", file, 3)], (), {}) == ELSEWHERE
    assert place_of([("f", file, 3)], (str(Path(file).parent),), {}) == ("f", file, 3)


def test_bytes_of_a_value_count_each_array_once() -> None:
    array = np.ones((10, 10), np.float64)
    assert bytes_held((array, [array, b"1234"], {"x": "abc"}, None, 5)) == 800 + 4 + 3


def test_an_artefact_is_stored_whole_under_its_kind(tmp_path: Path) -> None:
    path = save_artefact({"schema": 1, "x": [1.5, None]}, "memory", tmp_path)
    assert path.parent == tmp_path / "memory"
    assert read_artefact(path) == {"artefact": "memory", "id": path.stem, "schema": 1, "x": [1.5, None]}
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_stored_artefact_is_never_replaced(tmp_path: Path) -> None:
    path = save_artefact({"id": "one", "x": 1}, "profile", tmp_path)
    with pytest.raises(FileExistsError):
        save_artefact({"id": "one", "x": 2}, "profile", tmp_path)
    assert read_artefact(path)["x"] == 1


@pytest.mark.parametrize("fault", ["fsync", "replace"])
def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    def full(*given: Any) -> None:
        raise OSError(28, "No space left on device", "disk")

    monkeypatch.setattr(os, fault, full)
    assert keep_artefact({}, "diff", tmp_path) == (None, "No space left on device: disk")
    assert list((tmp_path / "diffs").iterdir()) == []


@pytest.mark.parametrize("identity", ["../x", "a/b", ".hidden", "a b", "x\n"])
def test_an_id_can_not_leave_the_folder(tmp_path: Path, identity: str) -> None:
    with pytest.raises(UsageError, match="artefact id"):
        save_artefact({"id": identity}, "memory", tmp_path)


@pytest.mark.parametrize(
    ("content", "line"), [("{", "is not JSON"), ("[]", "is no artefact"), ('{"artefact": "x"}', "is no artefact")]
)
def test_a_file_that_is_no_artefact_is_a_usage_error(tmp_path: Path, content: str, line: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(UsageError, match=line):
        read_artefact(tmp_path / "x.json")
    with pytest.raises(UsageError, match="No such file"):
        read_artefact(tmp_path / "missing.json")
