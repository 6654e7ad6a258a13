"""Runs on disk: whole or not at all, without pickle, and read back equal."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from labkit import api
from labkit.core.errors import UsageError
from labkit.measure.bench import Measurement
from labkit.measure.pictured import Pictures
from labkit.measure.result import Row, Status
from labkit.reports.runs.forms import markdown
from labkit.store import PassedOver, Run, all_runs, find_run, results_folder, save
from labkit.store.pictures import read_pictures
from labkit.store.run import document
from tests.conftest import CONTRACT

Make = Callable[..., Any]
HOSTILE = '로고, "4k" | it\'s <b>`é`</b>\n\\ 100 %'


@pytest.fixture
def measurement(measurement_of: Make, measured: Make, baseline: Row) -> Measurement:
    broken = Row("blur", "logo", "broken", "native", status=Status.CRASHED, reason="killed by SIGSEGV")
    return measurement_of(baseline, measured("fast", engine="threads"), broken)


@pytest.fixture
def run(measurement: Measurement, tmp_path: Path) -> Run:
    return save(measurement, markdown, tmp_path / "results")


def test_a_run_is_one_folder_of_four_files(run: Run) -> None:
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "run.json",
        "samples.parquet",
        "table.csv",
        "table.md",
    ]
    assert [path.name for path in run.folder.parent.iterdir()] == [run.id]


def test_pictures_are_files_of_the_run_and_what_they_are_is_in_its_document(
    measurement: Measurement, tmp_path: Path
) -> None:
    image = np.random.default_rng(3).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    gap = np.zeros((48, 64), np.uint8)
    gap[5, 6] = 255
    counts = {"largest": float("inf"), "differing": 1, "elements": image.size}
    made = Pictures("blur", "logo", "fast", Status.MEASURED, None, image, 255 - image, None, gap, **counts)
    measurement.pictures = [Pictures("flat", "logo", "fast", Status.MEASURED), made]
    run = save(measurement, markdown, tmp_path)
    flat, kept = run.document["pictures"]
    assert (flat["parts"], kept["parts"]) == ([], ["input", "output", "difference"])
    assert (kept["variant"], kept["largest"], kept["differing"]) == ("fast", None, 1)
    assert read_pictures(run.folder, 0) == {}
    parts = read_pictures(run.folder, 1)
    assert list(parts) == kept["parts"]
    drawn = {part: cv2.imdecode(np.frombuffer(content, np.uint8), -1) for part, content in parts.items()}
    assert drawn["input"].shape == drawn["output"].shape == image.shape
    assert np.argwhere(drawn["difference"][:, :, 0]).tolist() == [[5, 6]]


def test_a_run_is_read_back_equal(run: Run) -> None:
    (read,) = all_runs(run.folder.parent)
    assert read.document == json.loads(json.dumps(run.document))
    assert read.folder == run.folder
    pd.testing.assert_frame_equal(read.frame, run.frame)


def test_rows_have_the_columns_of_the_contract(run: Run) -> None:
    for row in run.rows:
        assert set(CONTRACT) <= set(row)
    assert [name for name in run.frame.columns if name in CONTRACT] == list(CONTRACT)
    assert list(pd.read_csv(run.folder / "table.csv").columns) == list(run.frame.columns)


def test_the_document_has_a_version_the_machine_and_the_seed(run: Run) -> None:
    stored = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))
    assert stored["schema"] == 1
    assert stored["machine"]["cpu"] == "A Processor"
    assert stored["settings"]["seed"] == 7
    assert stored["started"] == "2026-11-20T10:12:13+00:00"


def test_unknown_figures_are_null(run: Run) -> None:
    broken = run.rows[2]
    assert (broken["status"], broken["reason"]) == ("crashed", "killed by SIGSEGV")
    unknown = set(CONTRACT) - {"stage", "workload", "variant", "kind", "status", "reason"}
    assert {broken[name] for name in unknown} == {None}


def test_an_interval_without_an_end_is_null(
    measurement_of: Make, measured: Make, baseline: Row, tmp_path: Path
) -> None:
    open_ended = measured("fast", ratio_low=0.0, ratio_high=float("inf"), items_per_s=float("nan"))
    row = save(measurement_of(baseline, open_ended), markdown, tmp_path).rows[1]
    assert (row["ratio_low"], row["ratio_high"], row["items_per_s"]) == (None, None, None)
    assert "Infinity" not in (find_run("last", tmp_path).folder / "run.json").read_text()


def test_raw_samples_are_tidy_and_complete(run: Run) -> None:
    samples = run.samples
    assert list(samples.columns) == [
        *("stage", "workload", "launch", "parent", "round", "position", "arm", "calls", "seconds"),
        *("device_seconds", "put_aside"),
    ]
    assert len(samples) == 2 * 3 * 2
    assert samples.groupby("launch")["arm"].value_counts().unique().tolist() == [3]
    assert set(samples["arm"]) == {"plain", "fast@threads"}
    assert np.array_equal(samples["seconds"][:6], np.linspace(0.001, 0.002, 6))


def test_nothing_in_a_run_is_pickled(run: Run) -> None:
    schema = pq.read_schema(run.folder / "samples.parquet")
    assert {str(kind) for kind in schema.types} <= {
        "large_string",
        "string",
        "int64",
        "int32",
        "int16",
        "double",
        "bool",
    }
    for name in ("run.json", "table.csv", "table.md"):
        (run.folder / name).read_text(encoding="utf-8")


def test_a_run_without_samples_is_stored_too(measurement_of: Make, tmp_path: Path) -> None:
    row = Row("blur", "logo", "plain", "numpy", status=Status.UNAVAILABLE, reason="no compiler")
    run = save(measurement_of(row), markdown, tmp_path)
    assert len(run.samples) == 0
    assert "seconds" in run.samples.columns
    assert "plain: unavailable: no compiler" in (run.folder / "table.md").read_text(encoding="utf-8")


def test_hostile_names_survive(measurement_of: Make, measured: Make, tmp_path: Path) -> None:
    place = {"stage": f"stage {HOSTILE}", "workload": HOSTILE}
    rows = [measured("plain", 1.0, 0.0, **place), measured("빠른", reason=HOSTILE, **place)]
    run = save(measurement_of(*rows, machine={"cpu": HOSTILE}), markdown, tmp_path / "결과 '1'")
    read = find_run(run.id, tmp_path / "결과 '1'")
    assert read.rows[1]["workload"] == read.rows[1]["reason"] == read.machine["cpu"] == HOSTILE
    assert set(read.samples["workload"]) == {HOSTILE}
    assert set(read.samples["arm"]) == {"plain", "빠른"}
    table = pd.read_csv(read.folder / "table.csv")
    assert table["stage"].tolist() == [f"stage {HOSTILE}"] * 2


def test_a_run_is_written_as_utf_8_whatever_the_locale(
    measurement: Measurement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Path.write_text

    def strict(self: Path, text: str, encoding: str | None = None, **more: Any) -> int:
        return whole(self, text, encoding=encoding or "latin-1", **more)

    monkeypatch.setattr(Path, "write_text", strict)
    run = save(measurement, markdown, tmp_path)
    assert "▲ faster" in (run.folder / "table.md").read_text(encoding="utf-8")


def test_ids_are_unique_and_sort_by_time(measurement: Measurement) -> None:
    names = {document(measurement)["run"] for _ in range(50)}
    assert len(names) == 50
    assert all(re.fullmatch(r"20261120T101213-[0-9a-f]{6}", name) for name in names)


def fail(*args: Any, **more: Any) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    "broken",
    [
        "labkit.store.run.pq.write_table",
        "pandas.DataFrame.to_csv",
        "pathlib.Path.write_text",
        "os.fsync",
        "pathlib.Path.rename",
    ],
)
def test_a_failing_write_leaves_nothing(
    measurement: Measurement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    home = tmp_path / "results"
    earlier = save(measurement, markdown, home)
    monkeypatch.setattr(broken, fail)
    with pytest.raises(OSError, match="No space left"):
        save(measurement, markdown, home)
    assert [path.name for path in home.iterdir()] == [earlier.id]


def test_a_table_that_can_not_be_worded_leaves_nothing(measurement: Measurement, tmp_path: Path) -> None:
    def wrong(run: dict[str, Any]) -> str:
        raise KeyError("best")

    with pytest.raises(KeyError):
        save(measurement, wrong, tmp_path / "results")
    assert list((tmp_path / "results").iterdir()) == []


def test_a_results_path_that_is_no_folder_is_an_os_error(measurement: Measurement, tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")
    with pytest.raises(OSError, match="results"):
        save(measurement, markdown, tmp_path / "results")
    assert all_runs(tmp_path / "results") == []


def test_a_run_in_the_making_is_not_seen(run: Run) -> None:
    run.folder.rename(run.folder.with_name(".unfinished-abc"))
    assert all_runs(run.folder.parent) == []


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        ("", "its run.json is not JSON"),
        ('{"schema": 1, "run"', "its run.json is not JSON"),
        ("\xff\xfe", "its run.json is not JSON"),
        ("[1, 2]", "its run.json is not of labkit"),
        ("{}", "its run.json is not of labkit"),
        ('{"schema": 99}', "its run.json has schema 99; this labkit reads 1"),
    ],
)
def test_a_run_that_can_not_be_read_is_passed_over_and_told(run: Run, content: str, trouble: str) -> None:
    home, foreign = run.folder.parent, run.folder.parent / "20990101T000000-aaaaaa"
    foreign.mkdir()
    (foreign / "run.json").write_bytes(content.encode("latin-1"))
    told: list[str] = []
    assert [found.id for found in all_runs(home, told.append)] == [run.id]
    assert told == [f"passed over a stored run in {home} that can't be read, 20990101T000000-aaaaaa: {trouble}"]
    with pytest.warns(PassedOver, match="20990101T000000-aaaaaa"):
        assert find_run("last", home).id == run.id


def test_all_that_can_not_be_read_is_one_line_that_names_the_first(run: Run) -> None:
    for name in ("20990102", "20990101"):
        (run.folder.parent / name).mkdir()
        (run.folder.parent / name / "run.json").write_text("{}")
    with pytest.warns(PassedOver, match="2 stored runs in .* that can't be read, the first 20990101: ") as told:
        all_runs(run.folder.parent)
    assert len(told) == 1


@pytest.mark.filterwarnings("error")
def test_a_folder_that_is_no_run_is_not_told(run: Run) -> None:
    (run.folder.parent / "profiles").mkdir()
    assert [found.id for found in all_runs(run.folder.parent)] == [run.id]


def test_runs_lie_in_the_current_folder_unless_told_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LABKIT_RESULTS", raising=False)
    assert results_folder() == tmp_path / "results"
    assert all_runs() == []


@pytest.fixture
def three(measurement: Measurement, results: Path) -> list[Run]:
    """Three runs, oldest first."""
    runs = []
    for hour in (10, 11, 12):
        measurement.started = f"2026-11-20T{hour}:00:00+00:00"
        runs.append(save(measurement, markdown))
    return runs


@pytest.mark.parametrize(("name", "number"), [("last", 2), ("20261120T11", 1), ("20261120T100000-", 0)])
def test_a_run_is_found_by_the_beginning_of_its_id_or_as_the_last(three: list[Run], name: str, number: int) -> None:
    assert find_run(name).id == three[number].id


def test_a_run_is_found_by_its_whole_id_and_by_its_folder(three: list[Run], tmp_path: Path) -> None:
    assert find_run(three[1].id).folder == three[1].folder
    assert find_run(str(three[1].folder)).id == three[1].id
    moved = three[1].folder.rename(tmp_path / "my best run")
    assert find_run(str(moved)).id == three[1].id
    assert find_run(os.path.relpath(moved)).folder == moved


@pytest.mark.parametrize(
    ("name", "said"),
    [("2026", "is ambiguous"), ("1999", "does not exist"), ("", "is ambiguous"), ("x" * 300, "does not exist")],
)
def test_a_run_that_is_not_one_is_refused_with_those_that_are(three: list[Run], name: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        find_run(name)
    assert f"run {name!r} {said} in {three[0].folder.parent}; runs: {three[0].id}, " in str(error.value)


def test_the_last_of_no_runs_is_refused(results: Path) -> None:
    with pytest.raises(UsageError, match=r"run 'last' does not exist in .*; runs: none"):
        find_run("last")


def test_all_runs_together_are_one_tidy_frame(three: list[Run]) -> None:
    frame = api.runs()
    assert list(frame.columns[:5]) == ["run", "started", "host", "commit", "seed"]
    assert frame["run"].tolist() == [run.id for run in three for _ in run.rows]
    assert frame["seed"].unique().tolist() == [7]


def test_no_runs_are_an_empty_frame_of_the_same_columns(measurement: Measurement, results: Path) -> None:
    empty = api.runs()
    save(measurement, markdown)
    assert len(empty) == 0
    assert list(empty.columns) == list(api.runs().columns)
