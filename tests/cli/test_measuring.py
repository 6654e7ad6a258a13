"""``labkit bench`` and ``labkit check``: what they print where, and their exit status; once for real."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from labkit.cli.bench import Tables
from labkit.measure import bench as measuring
from labkit.measure.result import Row
from labkit.store import all_runs
from tests.cli.conftest import Labkit, Make
from tests.conftest import CONTRACT

ENDINGS = [("unavailable", 0), ("too_slow", 0), ("differs", 1), ("crashed", 1), ("timed_out", 1)]


@pytest.mark.parametrize("command", ["bench", "check"])
@pytest.mark.parametrize(("status", "ending"), [("measured", 0), *ENDINGS])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_the_exit_status_is_1_when_a_variant_is_wrong_or_crashed(
    labkit: Labkit, finished: Make, command: str, status: str, ending: int, form: list[str]
) -> None:
    finished(status)
    assert labkit(command, "lines", *form).status == ending


@pytest.mark.parametrize("command", ["bench", "check"])
def test_json_is_one_document_on_standard_output_and_progress_goes_to_standard_error(
    labkit: Labkit, finished: Make, command: str
) -> None:
    finished("crashed", "killed by [bold]SIGSEGV[/bold]\n\x1b[31m")
    said = labkit(command, "lines", "--json")
    rows = json.loads(said.out)["rows"]
    assert [row["status"] for row in rows] == ["measured", "crashed"]
    assert "blur on logo: 2 arms" in said.err


def test_check_passes_on_how_long_it_may_take(labkit: Labkit, finished: Make) -> None:
    asked = finished()
    labkit("check", "lines", "--time-limit", "90")
    assert asked[1].time_limit_s == 90.0


def test_check_shows_what_differs(labkit: Labkit, finished: Make) -> None:
    finished("differs", "output.panel: differs in 1 of 9 elements, first at (0, 1), by up to 1 " + "and more " * 20)
    (line,) = [line for line in labkit("check", "lines").out.splitlines() if "fast" in line]
    assert " ".join(line.split()).startswith(
        "blur logo fast differs output.panel: differs in 1 of 9 elements, first at"
    )
    assert line.rstrip().endswith("and more")


def test_bench_prints_its_table_and_where_the_run_is(labkit: Labkit, finished: Make) -> None:
    finished()
    said = labkit("bench", "lines")
    (run,) = all_runs()
    assert "2.000× [1.980, 2.020]" in said.out
    assert said.out.endswith(f"stored in {run.folder}\n")


def test_a_table_is_printed_as_soon_as_it_is_done_and_not_once_more(
    labkit: Labkit, finished: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    finished()
    measure = measuring.measure

    def watched(*asked: Any) -> Any:
        measurement = measure(*asked)
        early.append(capsys.readouterr().out)
        return measurement

    early: list[str] = []
    monkeypatch.setattr(measuring, "measure", watched)
    said = labkit("bench", "lines")
    assert "blur on logo" in early[0]
    assert "2.000× [1.980, 2.020]" in early[0]
    assert "blur on logo" not in said.out
    assert "stored in" in said.out


def test_a_reader_that_leaves_early_ends_no_measurement(
    measurement_of: Make, baseline: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Left(io.StringIO):
        def write(self, text: str) -> int:
            if text:
                raise BrokenPipeError
            return 0

    measurement = measurement_of(baseline)
    monkeypatch.setattr(sys, "stdout", Left())
    told = Tables(measurement.settings)
    told.table_ends(measurement.tables[0])
    assert told.printed == 0


def test_bench_passes_on_what_was_asked_for(labkit: Labkit, finished: Make) -> None:
    asked = finished()
    labkit(
        "bench",
        "lines",
        "--variants",
        "whole, plain@threads",
        "--workloads",
        "big",
        "--budget",
        "3",
        "--seed",
        "9",
        "--time-limit",
        "90",
    )
    ((request,), settings) = asked
    assert [str(arm) for arm in request.arms] == ["plain", "whole", "plain@threads"]
    assert (request.workload, request.baseline) == ("big", "plain")
    assert (settings.budget_s, settings.seed, settings.time_limit_s) == (3.0, 9, 90.0)


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_run_stopped_by_the_user_is_shown_and_stored(labkit: Labkit, finished: Make, form: list[str]) -> None:
    finished(stopped=True)
    said = labkit("bench", "lines", *form)
    assert said.status == 130
    assert len(all_runs()) == 1
    assert json.loads(said.out)["stopped"] if form else "stopped early" in said.out


def test_ctrl_c_before_anything_was_measured_is_no_traceback(
    labkit: Labkit, finished: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished()

    def interrupted(*args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(measuring, "measure", interrupted)
    said = labkit("bench", "lines")
    assert said.status == 130
    assert "Traceback" not in said.err


def full(*args: Any, **more: Any) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("command", ["bench lines", "sweep lines --over size"])
@pytest.mark.parametrize("cause", ["a file", "a full disk", "read-only"])
def test_results_that_can_not_be_written_are_told_in_one_line_before_anything_is_measured(
    labkit: Labkit, finished: Make, results: Path, monkeypatch: pytest.MonkeyPatch, cause: str, command: str
) -> None:
    asked = finished()
    if cause == "a file":
        results.write_text("not a folder")
    elif cause == "a full disk":
        monkeypatch.setattr("os.fsync", full)
    else:

        def read_only(*args: Any, **more: Any) -> None:
            raise OSError(30, "Read-only file system")

        monkeypatch.setattr("tempfile.TemporaryFile", read_only)  # root may write anywhere
    said = labkit(*command.split())
    words = {"a file": "File exists", "a full disk": "No space left on device", "read-only": "Read-only file system"}
    assert (said.status, said.out, asked) == (2, "", [])
    assert said.err == (
        f"labkit: a run can't be stored in {results}: {words[cause]}; make room there, or let $LABKIT_RESULTS name another "
        "folder\n"
    )


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_run_that_could_not_be_stored_is_shown_and_ends_with_2_and_an_older_one_is_not_the_last(
    labkit: Labkit, finished: Make, results: Path, monkeypatch: pytest.MonkeyPatch, form: list[str]
) -> None:
    finished()
    assert labkit("bench", "lines").status == 0
    (older,) = all_runs()
    finished("differs")
    with monkeypatch.context() as disk:
        disk.setattr("labkit.store.run.to_disk", full)
        said = labkit("bench", "lines", *form)
    told = [line for line in said.err.splitlines() if line.startswith("labkit: ")]
    assert (said.status, told) == (2, [f"labkit: the run is not stored in {results}: No space left on device"])
    assert json.loads(said.out)["rows"] if form else "plain" in said.out
    assert "stored in" not in said.out
    said = labkit("report", "last", "--to", results / "a.html")
    assert said.status == 2
    assert f"could not be stored; name the last that is, {older.id}, to have that one" in said.err
    assert labkit("report", older.id, "--to", results / "a.html").status == 0
    labkit("bench", "lines")
    assert labkit("report", "last", "--to", results / "a.html").status == 0


STAGE = """
import numpy as np
import labkit as lk

@lk.stage(reference="plain", workloads=[lk.Workload("small", lambda: (np.arange(4000, dtype=np.uint8),))], items=len)
def total(values):
    "The sum."

@lk.variant("total", kind="numpy")
def plain(values):
    return int(values.sum())

@lk.variant("total", kind="python")
def slowly(values):
    return sum(values.tolist())

@lk.variant("total", kind="python")
def wrong(values):
    print("a variant that prints")
    return 5
"""


@pytest.fixture(scope="module")
def measured_for_real(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """One run of a tiny stage in a process of its own."""
    folder = tmp_path_factory.mktemp("real")
    (folder / "my stages.py").write_text(STAGE)
    words = ["bench", "total", "--load", folder / "my stages.py", "--budget", "0.3", "--threads", "1", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", "from labkit.cli import main; main()", *words],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "LABKIT_RESULTS": str(folder / "results")},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done, folder


def test_a_real_run_prints_one_document_with_every_key_of_the_contract(
    measured_for_real: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, _ = measured_for_real
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert {"run", "machine", "rows"} <= set(document)
    assert all(set(row) >= set(CONTRACT) for row in document["rows"])
    rows = {row["variant"]: row for row in document["rows"]}
    assert {name: row["status"] for name, row in rows.items()} == {
        "plain": "measured",
        "slowly": "measured",
        "wrong": "differs",
    }
    assert rows["slowly"]["ratio_low"] <= rows["slowly"]["ratio"] <= rows["slowly"]["ratio_high"]
    assert rows["slowly"]["verdict"] in ("faster", "slower", "same", "unresolved")
    assert rows["wrong"]["median_s"] is None


def test_a_real_run_tells_what_the_doctor_saw_of_its_machine_meanwhile(
    measured_for_real: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    document = json.loads(measured_for_real[0].stdout)
    told = {entry["lint"]: entry for entry in document["doctor"]}
    assert {"cpu_limit", "neighbours", "steal", "memory"} <= told.keys()
    assert 0 <= document["machine"]["during"]["others_cpus"] <= document["machine"]["surroundings"]["cpus"]
    assert 0 < document["machine"]["during"]["seconds"] <= document["wall_s"]


def test_a_real_run_is_stored_and_nothing_else_is_written(
    measured_for_real: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, folder = measured_for_real
    (run,) = all_runs(folder / "results")
    assert run.document == json.loads(done.stdout)
    assert sorted(path.name for path in folder.iterdir() if path.name != "__pycache__") == ["my stages.py", "results"]
    assert set(run.samples["arm"]) >= {"plain", "slowly"}


def test_a_real_run_tells_its_progress_on_standard_error(
    measured_for_real: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, _ = measured_for_real
    assert "total on small: 3 arms, " in done.stderr
    assert "a variant that prints" not in done.stdout
