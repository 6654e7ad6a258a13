"""A stage over stored runs: ratios of what can be compared, and the last step of each."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import labkit as lk
from labkit.core.errors import UsageError
from labkit.core.registry import Registry
from labkit.measure.machine import machine_facts
from labkit.measure.result import Row
from labkit.reports.runs.forms import markdown
from labkit.store import Run, save
from labkit.store.history import FIGURES, History, Series, Step, by_series, read_history, worth_a_look

Make = Callable[..., Any]
HERE = machine_facts()
FAST = Series("logo", "fast", "plain", 2)


@pytest.fixture
def stored(results: Path, measurement_of: Make) -> Callable[..., Run]:
    """Store a run of these rows, a minute after the one before."""
    minutes = iter(range(600))

    def store(*rows: Row, threads: int = 2, **machine: Any) -> Run:
        measurement = measurement_of(*rows, machine=HERE | machine)
        minute = next(minutes)
        measurement.started = f"2026-11-20T{10 + minute // 60}:{minute % 60:02}:00+00:00"
        measurement.settings = replace(measurement.settings, threads=threads)
        return save(measurement, markdown)

    return store


@pytest.fixture
def series(stored: Make, baseline: Row, measured: Make) -> Callable[..., list[Run]]:
    """Store a run for each ratio of ``fast``."""
    return lambda ratios, **facts: [stored(baseline, measured("fast", ratio, **facts)) for ratio in ratios]


def steps(history: History, figure: str = "ratio") -> list[Step]:
    return [step for step in history.steps if step.figure == figure]


def noisy(ratios: Sequence[float], seed: int = 4, width: float = 0.01) -> list[float]:
    return list(np.array(ratios) * np.exp(np.random.default_rng(seed).normal(0.0, width, len(ratios))))


def test_a_history_has_a_row_an_arm_and_run_oldest_first(stored: Make, baseline: Row, measured: Make) -> None:
    first = stored(baseline, measured("fast", 2.0), measured("fast", 3.0, engine="threads", limit_ratio=None))
    second = stored(baseline, measured("fast", 4.0))
    frame = read_history("blur").frame
    assert frame["run"].tolist() == [first.id] * 3 + [second.id] * 2
    assert frame["variant"].tolist() == ["plain", "fast", "fast@threads", "plain", "fast"]
    assert frame["ratio"].tolist() == [1.0, 2.0, 3.0, 1.0, 4.0]
    assert frame["baseline"].unique().tolist() == ["plain"]
    assert frame["threads"].tolist() == [2] * 5
    assert math.isnan(frame["limit_ratio"][2])
    assert not {name for name in frame.columns if name.endswith("_s")}


@pytest.mark.parametrize("fact", [{"host": "elsewhere"}, {"cpu": "Another"}, {"cpu_limit": 9_999}])
def test_runs_of_another_machine_are_counted_and_not_shown(
    stored: Make, baseline: Row, measured: Make, fact: dict[str, Any]
) -> None:
    mine = stored(baseline, measured("fast"))
    stored(baseline, measured("fast"), **fact)
    found = read_history("blur")
    assert found.frame["run"].unique().tolist() == [mine.id]
    assert found.elsewhere == 1


def test_another_baseline_or_number_of_threads_is_another_series(stored: Make, baseline: Row, measured: Make) -> None:
    other = measured("other", 1.0, 0.0)
    for _ in range(3):
        stored(baseline, measured("fast", 8.0))
    for _ in range(3):
        stored(other, measured("fast", 2.0), measured("plain", 0.5))
    for _ in range(3):
        stored(baseline, measured("fast", 4.0), threads=1)
    found = read_history("blur")
    runs = {series: len(rows) for series, rows in by_series(found.frame).items() if series.variant == "fast"}
    assert runs == {FAST: 3, FAST._replace(baseline="other"): 3, FAST._replace(threads=1): 3}
    assert found.steps == []


def test_a_run_against_a_revision_is_of_no_series(stored: Make, baseline: Row, measured: Make) -> None:
    run = stored(baseline, measured("fast", 2.0))
    path = run.folder / "run.json"
    path.write_text(json.dumps(run.document | {"against": {"revision": "v1"}}))
    assert read_history("blur").frame.empty


def test_a_step_says_since_which_run_from_what_to_what_and_how_many_runs_say_so(series: Make) -> None:
    ratios = noisy([12.0] * 6 + [10.0] * 4)
    runs = series(ratios)
    (step,) = steps(read_history("blur"))
    assert step.series == FAST
    assert (step.before.first, step.before.last, step.before.runs) == (runs[0].id, runs[5].id, 6)
    assert (step.after.first, step.after.last, step.after.runs) == (runs[6].id, runs[9].id, 4)
    assert step.after.started == runs[6].document["started"]
    assert step.before.ratio == pytest.approx(math.exp(np.median(np.log(ratios[:6]))))
    assert step.after.ratio == pytest.approx(math.exp(np.median(np.log(ratios[6:]))))
    assert step.after.low == pytest.approx(np.median(np.array(ratios[6:]) * math.exp(-0.01)))
    assert step.after.high == pytest.approx(np.median(np.array(ratios[6:]) * math.exp(0.01)))


def test_a_notebook_is_given_the_same(series: Make, results: Path, tmp_path: Path) -> None:
    series(noisy([12.0] * 6 + [10.0] * 4))
    shown = lk.history("blur")
    assert shown.history.steps == read_history("blur").steps
    pd.testing.assert_frame_equal(shown.frame, read_history("blur").frame)
    moved = results.rename(tmp_path / "elsewhere")
    assert len(lk.history("blur", moved).worth_a_look) == 1


def test_of_several_steps_the_last_is_told(series: Make) -> None:
    runs = series(noisy([12.0] * 5 + [8.0] * 5 + [12.0] * 5))
    (step,) = steps(read_history("blur"))
    assert (step.after.first, step.before.runs, step.after.runs) == (runs[10].id, 5, 5)


def test_a_step_within_the_gate_is_none(series: Make) -> None:
    series(noisy([12.0] * 5 + [12.1] * 5, width=1e-5))
    assert read_history("blur").steps == []


@pytest.mark.parametrize("disturbed", [0, 3, 7])
def test_one_disturbed_run_is_no_step(series: Make, disturbed: int) -> None:
    series([3.0 if run == disturbed else ratio for run, ratio in enumerate(noisy([12.0] * 8))])
    assert read_history("blur").steps == []


def test_two_runs_are_never_a_step(series: Make) -> None:
    series([12.0, 2.0])
    assert read_history("blur").steps == []


def test_the_ratio_to_the_limit_is_a_figure_of_its_own_without_an_interval(
    stored: Make, baseline: Row, measured: Make
) -> None:
    runs = [stored(baseline, measured("fast", 2.0, limit_ratio=limit)) for limit in noisy([3.0] * 4 + [6.0] * 4)]
    (step,) = read_history("blur").steps
    assert (step.series.variant, step.figure, step.after.first) == ("fast", "limit_ratio", runs[4].id)
    assert step.after.ratio / step.before.ratio == pytest.approx(2.0, rel=0.1)
    assert math.isnan(step.after.low)
    assert math.isnan(step.after.high)


def test_runs_without_the_arm_between_do_not_matter(stored: Make, baseline: Row, measured: Make) -> None:
    later = [stored(baseline, measured("fast", r)) if r else stored(baseline) for r in [4, 4, 0, 4, 0, 6, 6, 0, 6]]
    (step,) = steps(read_history("blur"))
    assert (step.after.first, step.before.runs, step.after.runs) == (later[5].id, 3, 3)


def test_seconds_play_no_part(stored: Make, baseline: Row, measured: Make) -> None:
    for seconds in [1.0] * 5 + [9.0] * 5:
        stored(baseline, measured("fast", 2.0, median_s=seconds, first_call_s=seconds))
    assert read_history("blur").steps == []


def test_steps_are_told_newest_first(stored: Make, baseline: Row, measured: Make) -> None:
    for run in range(12):
        stored(baseline, measured("early", 4.0 if run < 4 else 2.0), measured("late", 4.0 if run < 8 else 2.0))
    assert [step.series.variant for step in steps(read_history("blur"))] == ["late", "early"]


def test_a_frame_put_together_by_hand_is_taken_too() -> None:
    rows = [
        (f"r{n}", f"2026-11-{n:02}", *FAST, 2.0 + (n > 5), math.nan, math.nan, math.nan, None) for n in range(1, 11)
    ]
    columns = ["run", "started", *Series._fields, "ratio", "low", "high", "limit_ratio", "verdict"]
    (step,) = worth_a_look(pd.DataFrame(rows, columns=columns))
    assert (step.series, step.figure, step.after.first) == (FAST, FIGURES[0], "r6")
    assert math.isnan(step.before.low)


def test_what_can_not_be_read_is_told_and_what_is_not_as_it_should_be_is_left_out(
    stored: Make, baseline: Row, results: Path
) -> None:
    mine = stored(baseline)
    for name, content in (
        ("1", '{"schema": 7}'),
        ("2", '{"schema": 1, "machine": 3, "rows": {}}'),
        ("3", '{"schema": 1}'),
    ):
        (results / name).mkdir()
        (results / name / "run.json").write_text(content)
    found = read_history("blur")
    assert found.frame["run"].tolist() == [mine.id]
    assert found.passed_over is not None
    assert found.passed_over.startswith(f"passed over a stored run in {results} that can't be read, 1: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("settings", {"threads": [2]}),
        ("tables", [{"stage": "blur", "workload": "logo", "baseline": {}}]),
        ("tables", 3),
    ],
)
def test_terms_that_a_run_does_not_tell_are_unknown(stored: Make, baseline: Row, name: str, value: Any) -> None:
    run = stored(baseline)
    (run.folder / "run.json").write_text(json.dumps(run.document | {name: value}))
    (series,) = by_series(read_history("blur").frame)
    assert None in (series.baseline, series.threads)


@pytest.mark.parametrize("ratio", ["fast", 0, -1.0, None, float("inf"), []])
def test_a_row_whose_ratio_is_no_ratio_is_left_out(stored: Make, baseline: Row, measured: Make, ratio: Any) -> None:
    run = stored(baseline, measured("fast"))
    rows = [run.rows[0], run.rows[1] | {"ratio": ratio}]
    (run.folder / "run.json").write_text(json.dumps(run.document | {"rows": rows}))
    assert read_history("blur").frame["variant"].tolist() == ["plain"]


def test_a_stage_without_runs_has_an_empty_history(results: Path, toy_stage: str) -> None:
    found = read_history(toy_stage)
    assert (len(found.frame), found.steps, found.elsewhere, found.passed_over) == (0, [], 0, None)
    assert list(found.frame.columns) == [
        "run",
        "started",
        *Series._fields,
        *("ratio", "low", "high"),
        "limit_ratio",
        "verdict",
    ]


def test_what_is_no_stage_is_refused_with_those_that_are(stored: Make, baseline: Row, toy_stage: str) -> None:
    stored(baseline)
    with pytest.raises(UsageError, match=f"^'blurr' is no stage; stages: blur, {toy_stage}$"):
        read_history("blurr")


@pytest.fixture
def toy_stage(own_registry: Registry) -> str:
    @lk.stage(reference="plain", workloads=[lk.Workload("small", tuple)])
    def sharpen() -> None:
        """Nothing."""

    return "sharpen"
