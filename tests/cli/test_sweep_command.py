"""``labkit sweep``: what it asks for, prints and stores, and its exit status; once for real."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import labkit as lk
from labkit.core.registry import Registry
from labkit.measure import bench as measuring
from labkit.store import all_runs
from labkit.store.artefact import read_artefact
from tests.cli.conftest import Labkit
from tests.conftest import CONTRACT
from tests.measure.simulated import simulate

TOY = Path(__file__).parents[1] / "measure" / "toy.py"
SECONDS = {"1": 0.01, "2": 0.0054, "3": 0.006, "4": 0.0061, "serial": 0.0098}


@pytest.fixture
def stages(own_registry: Registry) -> None:
    images = (np.zeros((8, 4), np.uint8),)

    @lk.stage(
        reference="loop",
        workloads=[lk.Workload("small", lambda: images), lk.Workload("big", lambda: images)],
        split=lk.Split("images", lambda n, many: [(image,) for image in many], lambda parts, many: parts),
    )
    def blur(many: Any) -> None:
        """Blur images."""

    lk.variant("blur", kind="python", name="loop", partial=len)(lambda many: None)
    lk.variant("blur", kind="numpy", name="fast")(lambda many: None)


@pytest.fixture
def finished(monkeypatch: pytest.MonkeyPatch, results: Path, stages: None) -> Callable[..., list[Any]]:
    """Let a sweep find times without measuring; gives what was asked for."""

    def finish(missing: str | None = None, **more: Any) -> list[Any]:
        asked: list[Any] = []

        def seconds(arm: str, workload: str) -> float | None:
            if missing is not None and arm.endswith(missing):
                return None
            if "@" not in arm:
                return {"loop": 1e-3, "fast": 2e-3 if workload == "small" else 5e-4}[arm]
            place = arm.rpartition("@")[2].partition(":")[2] or "serial"
            return SECONDS.get(place.partition("x")[0], 0.007)

        def measure(requests: Any, settings: Any, listener: Any) -> Any:
            asked.extend([requests, settings])
            facts = {"small": {"floor_bytes": 1000}, "big": {"floor_bytes": 64_000}}
            return simulate(requests, seconds, facts=facts, **more)

        monkeypatch.setattr(measuring, "measure", measure)
        return asked

    return finish


@pytest.mark.parametrize("words", ["--values 1,2,4", "--over chunk --values 1,2", "--over size"])
def test_json_is_one_document_with_the_rows_of_the_contract(labkit: Labkit, finished: Any, words: str) -> None:
    finished()
    said = labkit("sweep", "blur", *words.split(), "--json")
    told = json.loads(said.out)
    assert said.status == 0
    assert {"run", "machine", "rows", "axis"} <= set(told)
    assert all(set(CONTRACT) <= set(row) for row in told["rows"])
    engines = {"--values": "threads:2", "chunk": "chunks:2x2", "size": None}
    (expected,) = [engine for key, engine in engines.items() if key in words.split()[:2]]
    assert expected in {row["engine"] for row in told["rows"]}


def test_a_sweep_is_stored_as_a_run_with_its_facts_beside_it(labkit: Labkit, finished: Any, results: Path) -> None:
    finished()
    said = labkit("sweep", "blur", "--values", "1,2,3")
    (run,) = all_runs()
    kept = read_artefact(results / "sweeps" / f"{run.id}.json")
    assert (kept["artefact"], kept["run"], kept["axis"]) == ("sweep", run.id, "workers")
    assert kept["rows"] == run.rows
    assert said.out.endswith(f"stored in {run.folder}\n")
    assert len(run.samples) > 0


def test_the_table_names_the_best_and_what_more_would_bring(labkit: Labkit, finished: Any) -> None:
    finished()
    said = labkit("sweep", "blur")
    assert "blur on small: loop under threads, over workers" in said.out
    assert "best: 2 workers, 1.8" in said.out


def test_what_was_asked_for_is_passed_on(labkit: Labkit, finished: Any) -> None:
    asked = finished()
    words = "--over chunk --variant loop --engine processes --values 2,4 --workload big --workers 3 --budget 7 --seed 9"
    labkit("sweep", "blur", *words.split(), "--time-limit", 90)
    ((request,), settings) = asked
    assert [str(arm) for arm in request.arms] == [
        *("loop@processes:3x1", "loop@processes:3x2", "loop@processes:3x4"), "loop@serial"
    ]  # fmt: skip
    assert (request.workload, settings.budget_s, settings.seed, settings.threads) == ("big", 7.0, 9, 1)
    assert settings.time_limit_s == 90.0
    asked.clear()
    labkit("sweep", "blur", "--over", "size", "--variant", "fast,loop@threads", "--threads", "2")
    assert [str(arm) for arm in asked[0][0].arms] == ["fast", "loop@threads"]
    assert asked[1].threads == 2


def test_a_sweep_over_size_tells_the_crossover(labkit: Labkit, finished: Any) -> None:
    finished()
    assert "crossover: fast overtakes loop between small and big" in labkit("sweep", "blur", "--over", "size").out


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_a_figure_is_drawn_where_it_is_asked_for(labkit: Labkit, finished: Any, tmp_path: Path, kind: str) -> None:
    finished()
    file = tmp_path / f"curve.{kind}"
    said = labkit("sweep", "blur", "--figure", file, "--json")
    json.loads(said.out)
    assert {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF"}[kind] in file.read_bytes()[:2000]
    assert f"drawn in {file}" in said.err


def test_a_sweep_with_too_few_timings_is_not_drawn_and_says_so(labkit: Labkit, finished: Any, tmp_path: Path) -> None:
    finished(missing=":1")
    said = labkit("sweep", "blur", "--values", "1,2", "--figure", tmp_path / "curve.svg")
    assert said.status == 1
    assert "is not drawn" in said.err
    assert not (tmp_path / "curve.svg").exists()


def test_a_point_that_crashed_is_told_by_the_exit_status(labkit: Labkit, finished: Any) -> None:
    finished(missing=":3")
    said = labkit("sweep", "blur", "--values", "1,2,3")
    assert said.status == 1
    assert "loop@threads:3: crashed: killed by SIGSEGV" in said.out


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_sweep_stopped_by_the_user_is_shown_and_stored(labkit: Labkit, finished: Any, form: list[str]) -> None:
    finished(stopped=True, launches=4)
    said = labkit("sweep", "blur", *form)
    assert said.status == 130
    assert len(all_runs()) == 1
    assert json.loads(said.out)["stopped"] if form else "stopped early" in said.out


def test_a_sweep_that_could_not_be_stored_is_shown_and_ends_with_2(
    labkit: Labkit, finished: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    finished()
    monkeypatch.setattr("labkit.store.run.to_disk", full)
    said = labkit("sweep", "blur", "--json")
    assert said.status == 2
    assert json.loads(said.out)["best"]["value"] == 2
    assert "the sweep is not stored in" in said.err


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("sweep", "Missing argument 'STAGE'"),
        ("sweep nope", "unknown stage 'nope'; stages: blur"),
        ("sweep blur --over colour", "unknown axis 'colour'; sweeps go over: workers, chunk, size"),
        ("sweep blur --values 1,two", "workers is 'two'; give whole numbers from 1 to"),
        ("sweep blur --values 1,,2", "'1,,2' holds an empty name"),
        ("sweep blur --values 0", "workers is '0'; give whole numbers from 1 to"),
        ("sweep blur --over chunk --values 1.5", "chunk is '1.5'; give whole numbers from 1 to"),
        ("sweep blur --engine nope", "unknown engine 'nope'; engines: serial, threads"),
        ("sweep blur --variant fast", "fast brings no partial, so it can't run under an engine; these do: loop"),
        ("sweep blur --variant loop,fast", "a sweep over workers takes one variant, not 2"),
        ("sweep blur --over size --workload big", "goes over workloads: give them as values"),
        ("sweep blur --budget 0", "budget is 0.0; give seconds above 0"),
        ("sweep blur --figure curve.gif", "figure is 'curve.gif'; give a file that ends in .svg, .png, .pdf"),
        ("sweep blur --figure no/where/curve.svg", "figure is 'no/where/curve.svg'; its folder does not exist"),
    ],
)
def test_wrong_usage_is_one_line(labkit: Labkit, stages: None, results: Path, words: str, line: str) -> None:
    said = labkit(*words.split())
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("labkit: ")
    assert said.err.count("\n") == 1
    assert line in said.err
    assert not results.exists()


def test_the_same_is_to_be_had_from_python(finished: Any) -> None:
    finished()
    found = lk.sweep("blur", values=[1, 2])
    assert (found.best, found.problem) == (2, None)
    assert found.run is not None
    assert found.path is not None
    with pytest.raises(TypeError, match="values is '1,2'; give a list"):
        lk.sweep("blur", values="1,2")
    with pytest.raises(TypeError, match="variants is"):
        lk.sweep("blur", variant=3)  # type: ignore[arg-type]


def test_for_real(tmp_path: Path) -> None:
    """A user's stage from a file over its sizes, in little time: every point is there, whatever its speed."""
    figure = tmp_path / "curve.svg"
    code = "from labkit.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "sweep", "toy_sum", "--over", "size", "--variant", "plain,twice", "--load", str(TOY),
         "--budget", "0.4", "--json", "--figure", str(figure)],
        env=os.environ | {"LABKIT_RESULTS": str(tmp_path / "results")},
        capture_output=True,
        text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {row["status"] for row in told["rows"]} == {"measured"}
    assert all(row["ratio"] > 0 for row in told["rows"])
    assert (tmp_path / "results" / "sweeps" / f"{told['run']}.json").exists()
    assert b"<svg" in figure.read_bytes()[:2000]
    assert [w["workload"] for w in told["workloads"]] == ["small", "big"]
    assert [point["item_s"] > 0 for curve in told["curves"] for point in curve["points"]] == [True] * 4
