"""``labkit runs`` and ``labkit compare``: what was measured before, and what moved."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labkit.measure.machine import machine_facts
from labkit.measure.result import Row
from labkit.reports.runs.forms import markdown
from labkit.store import Run, save
from tests.cli.conftest import Labkit

Make = Callable[..., Any]


@pytest.fixture
def stored(results: Path, measurement_of: Make, measured: Make, baseline: Row) -> Callable[..., Run]:
    """Store a run in which ``fast`` has this ratio."""

    def store(ratio: float, hour: int = 10, **facts: Any) -> Run:
        measurement = measurement_of(baseline, measured("fast", ratio), machine=facts)
        measurement.started = f"2026-11-20T{hour}:00:00+00:00"
        return save(measurement, markdown)

    return store


def test_without_runs_it_says_how_to_make_one(labkit: Labkit, results: Path) -> None:
    said = labkit("runs")
    assert (said.status, said.out) == (0, f"no runs in {results} yet: labkit bench makes one\n")


def test_runs_are_listed_oldest_first(labkit: Labkit, stored: Make) -> None:
    runs = [stored(2.0, 11), stored(2.0, 10)]
    lines = labkit("runs").out.splitlines()[1:]
    assert [line.split()[0] for line in lines] == [runs[1].id, runs[0].id]
    assert all("1: blur" in line and "fast (logo)" in line and "300 ms" in line for line in lines)


def test_runs_as_json_are_one_document_without_tables(labkit: Labkit, stored: Make) -> None:
    run = stored(2.0)
    said = labkit("runs", "--json")
    (listed,) = json.loads(said.out)["runs"]
    assert (listed["run"], said.err) == (run.id, "")
    assert "rows" not in listed


def test_a_run_is_shown_again(labkit: Labkit, stored: Make) -> None:
    run = stored(12.5)
    said = labkit("runs", "last")
    assert "12.50× [12.38, 12.63]" in said.out
    assert f"stored in {run.folder}" in said.out


def test_a_run_shown_as_json_is_its_document(labkit: Labkit, stored: Make) -> None:
    run = stored(2.0)
    assert json.loads(labkit("runs", run.id[:15], "--json").out) == json.loads(json.dumps(run.document))


@pytest.mark.parametrize(
    ("ratios", "status", "shown"),
    [
        ((2.0, 3.0), 0, "▲ faster"),
        ((3.0, 2.0), 1, "▼ slower"),
        ((2.0, 2.0), 0, "= no change seen"),
    ],
)
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_compare_ends_with_1_when_something_got_slower(
    labkit: Labkit, stored: Make, ratios: tuple[float, float], status: int, shown: str, form: list[str]
) -> None:
    before, after = stored(ratios[0]), stored(ratios[1], 11)
    said = labkit("compare", before.id, after.id, *form)
    assert said.status == status
    assert said.err == ""
    if form:
        assert [row["moved"] for row in json.loads(said.out)["rows"]] == [shown.split()[1]]
    else:
        assert shown in said.out


@pytest.fixture
def stepped(results: Path, measurement_of: Make, measured: Make, baseline: Row) -> list[Run]:
    """Ten runs on this machine: ``fast`` is twelve times as fast as its baseline in six, ten times in four."""
    runs = []
    for day, ratio in enumerate([12.0, 12.1, 12.0, 11.9, 12.1, 12.0, 10.0, 10.1, 10.0, 9.9], 1):
        measurement = measurement_of(baseline, measured("fast", ratio), machine=machine_facts())
        measurement.started = f"2026-11-{day:02}T10:00:00+00:00"
        runs.append(save(measurement, markdown))
    return runs


def test_a_history_tells_since_which_run_a_stage_is_worth_a_look(labkit: Labkit, stepped: list[Run]) -> None:
    said = labkit("runs", "blur", "--history")
    assert (said.status, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0].rstrip() == "blur on logo (baseline plain, 2 threads)"
    (fast,) = [line.split() for line in lines if line.startswith("fast")]
    assert fast[:3] == ["fast", "10", "██████│▁▁▁▁"]
    assert (
        f"logo, fast: worth a look since run {stepped[6].id} (2026-11-07 10:00): "
        "12.00× [11.88, 12.12] → 10.00× [9.90, 10.10]; 6 runs before, 4 since"
    ) in lines
    assert "not a regression: labkit bench blur --against REVISION measures old and new in one run." in said.out


def test_a_history_as_json_is_one_document(labkit: Labkit, stepped: list[Run]) -> None:
    said = labkit("runs", "blur", "--history", "--json")
    told = json.loads(said.out)
    assert (said.status, said.err, told["stage"], told["passed_over"]) == (0, "", "blur", None)
    assert [row["run"] for row in told["rows"] if row["variant"] == "fast"] == [run.id for run in stepped]
    (step,) = told["worth_a_look"]
    assert (step["workload"], step["variant"], step["figure"], step["run"]) == ("logo", "fast", "ratio", stepped[6].id)
    assert (step["before"]["ratio"], step["after"]["ratio"]) == pytest.approx((12.0, 10.0))
    assert (step["before"]["runs"], step["after"]["runs"]) == (6, 4)


def test_runs_on_another_machine_are_no_history_of_this_one(labkit: Labkit, stored: Make, results: Path) -> None:
    stored(2.0, host="elsewhere")
    said = labkit("runs", "blur", "--history")
    assert said.out.splitlines() == [
        f"no runs of blur on this machine in {results} yet: labkit bench blur makes one",
        "not shown: 1 run on another machine, or with other CPUs to use",
    ]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--history"], "--history shows one stage: labkit runs STAGE --history"),
        (["last", "--history"], "--history shows a stage, and 'last' is a run: labkit runs STAGE --history"),
        (["2026", "--history"], "--history shows a stage, and '2026' is a run: labkit runs STAGE --history"),
        (["blurr", "--history"], "'blurr' is no stage; stages: blur, lines"),
        (["blur"], "'blur' is a stage, and no run: for its past runs say labkit runs blur --history"),
        (["lines"], "'lines' is a stage, and no run: for its past runs say labkit runs lines --history"),
        (["blurr"], "run 'blurr' does not exist in "),
        (["blur", "--history", "--figure", "a.svg"], "--figure draws one run: name it, or say last"),
    ],
)
@pytest.mark.usefixtures("toy")
def test_a_stage_and_a_run_are_told_apart(labkit: Labkit, stored: Make, words: list[str], line: str) -> None:
    stored(2.0)
    said = labkit("runs", *words)
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith(f"labkit: {line}")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("words", [["runs"], ["runs", "last"], ["runs", "--json"], ["compare", "last", "last"]])
def test_a_run_that_can_not_be_read_is_told_in_one_line(
    labkit: Labkit, stored: Make, results: Path, words: list[str]
) -> None:
    stored(2.0)
    (results / "2099").mkdir()
    (results / "2099" / "run.json").write_text('{"schema": 2}')
    said = labkit(*words)
    assert said.status == 0
    lines = set(said.err.splitlines())
    assert lines == {
        f"labkit: passed over a stored run in {results} that can't be read, 2099: its run.json has schema 2; this labkit reads 1"
    }


def test_compare_says_what_it_can_not_know(labkit: Labkit, stored: Make) -> None:
    before, after = stored(2.0), stored(2.0, 11, cpu="Another", commit="fedcba")
    said = labkit("compare", before.id, "last")
    assert "What two runs can't tell: whether the variant or its baseline moved, and what the machine did" in said.out
    assert "They differ in: cpu, commit." in said.out
    assert json.loads(labkit("compare", before.id, after.id, "--json").out)["different"] == ["cpu", "commit"]


def test_compare_of_like_machines_has_no_doubts_to_name(labkit: Labkit, stored: Make) -> None:
    before, after = stored(2.0), stored(2.0, 11)
    assert "They differ" not in labkit("compare", before.id, after.id).out


def test_a_run_is_drawn_as_one_picture_a_table(
    labkit: Labkit, results: Path, measurement_of: Make, measured: Make, tmp_path: Path
) -> None:
    place = {"workload": "4k/8k"}
    save(measurement_of(measured("plain", 1.0, 0.0, verdict=None, **place), measured("fast", **place)), markdown)
    said = labkit("runs", "last", "--figure", tmp_path / "picture.svg")
    assert (said.status, said.out) == (0, f"{tmp_path}/picture-blur-4k_8k.svg\n")
    assert "<svg" in (tmp_path / "picture-blur-4k_8k.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--figure", "a.svg"], "--figure draws one run: name it, or say last"),
        (["last", "--figure", "nowhere/a.svg"], "--figure nowhere/a-blur-logo.svg: [Errno 2] No such file"),
        (["last", "--figure", "a.jpegs"], "--figure a-blur-logo.jpegs: Format 'jpegs' is not supported"),
    ],
)
def test_a_picture_that_can_not_be_drawn_is_one_line(labkit: Labkit, stored: Make, words: list[str], line: str) -> None:
    stored(2.0)
    said = labkit("runs", *words)
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith(f"labkit: {line}")
    assert said.err.count("\n") == 1
