"""The dashboard's model without a kernel: choosing, jobs that queue, stop and fail, and what they leave behind."""

import os
import threading
import time
from dataclasses import astuple, replace
from pathlib import Path

import psutil
import pytest

import labkit as lk
from labkit.core.cpus import cpu_limit
from labkit.core.errors import UsageError
from labkit.core.registry import registry
from labkit.measure.machine import machine_facts
from labkit.notebook.workbench.model import Workbench
from labkit.processes.lock import MeasurementLock
from labkit.store import save
from tests.engines.tasks import HELPERS

TOY = Path(__file__).with_name("toy_images.py")


@pytest.fixture
def model(tmp_path):
    registry.load(TOY)
    made = Workbench("toy_negative", results=tmp_path / "results")
    made.choose(variants=("plain", "xor"), budget_s=0.4)
    yield made
    made.close()
    registry.forget(TOY)


def ended(job, seconds=60):
    assert job.wait(seconds), f"{job} is not over after {seconds} s: {job.progress}"
    return job


def wait_until(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.01)


def row_of(job, variant):
    return next(row for row in job.table if row["variant"] == variant)


def test_first_choice_is_all_that_can_run_on_the_first_workload(model):
    choice = Workbench("toy_negative").choice
    assert set(choice.variants) == set(registry.of("toy_negative")) - {"absent"}
    assert (choice.variants[0], choice.workload, choice.baseline) == ("plain", "small", "plain")


def test_a_variant_that_cannot_run_here_says_why_and_one_with_a_partial_names_its_engines(model):
    facts = {fact.name: fact for fact in model.variants}
    assert facts["absent"].unavailable == "no CUDA device"
    assert "threads" in facts["plain"].engines
    assert facts["xor"].engines == ()


def test_another_stage_brings_a_choice_of_its_own_but_keeps_the_budget(model):
    choice = model.choose(stage="main_colors", budget_s=3.0)
    assert (choice.workload, choice.baseline, choice.budget_s) == ("logo", "naive", 3.0)
    assert "naive" in choice.variants


@pytest.mark.parametrize(
    ("nonsense", "told"),
    [
        ({"stage": "nowhere"}, "unknown stage"),
        ({"stage": None}, "stage is None"),
        ({"stage": ["toy_negative"]}, "give a name"),
        ({"baseline": ""}, "give a variant"),
        ({"variants": ("nobody",)}, "no variant 'nobody'"),
        ({"variants": "plain"}, "in a tuple"),
        ({"variants": (3,)}, "in a tuple"),
        ({"variants": ("xor@threads",)}, "brings no partial"),
        ({"workload": "nothing"}, "no workload 'nothing'"),
        ({"workload": 3}, "give a name"),
        ({"baseline": "nobody"}, "no variant 'nobody'"),
        ({"budget_s": 0}, "budget is 0"),
        ({"budget_s": float("nan")}, "budget is nan"),
        ({"budget_s": "1"}, "budget is '1'"),
        ({"threads": 0}, "threads is 0"),
        ({"colour": "red"}, "no 'colour'"),
    ],
)
def test_nonsense_is_refused_in_one_line_and_changes_nothing(model, nonsense, told):
    before = model.choice
    with pytest.raises(UsageError, match=told) as refused:
        model.choose(**nonsense)
    assert "\n" not in str(refused.value)
    assert model.choice == before


def test_nothing_chosen_is_a_choice_that_cannot_be_run(model):
    model.choose(variants=())
    with pytest.raises(UsageError, match="no variant of toy_negative is chosen"):
        model.run()


def test_a_run_fills_its_table_and_ends_with_what_bench_gives(model):
    job, seen = model.run(), []
    job.on_change(lambda job: seen.append((job.state, job.progress, list(job.table))))
    ended(job)
    assert (job.state, job.error, job.problem) == ("done", None, None)
    assert [row["variant"] for row in job.table] == ["plain", "xor"]
    assert job.result.document["rows"] == [{k: v for k, v in row.items() if k != "provisional"} for row in job.table]
    checked = [row for _, _, rows in seen for row in rows if row["variant"] == "xor" and row["ratio"] is None]
    assert any(row["first_call_s"] and row["peak_bytes"] is not None for row in checked)
    filling = [rows for state, _, rows in seen if any(row["provisional"] and row["ratio"] for row in rows)]
    assert filling, "no figure was told before the end"
    assert all(row["verdict"] is None for rows in filling for row in rows if row["provisional"])
    assert any(rows[1]["ratio_low"] is not None and rows[1]["provisional"] for rows in filling)
    assert not any(row["provisional"] for row in job.table)
    shares = [progress.done / progress.planned for _, progress, _ in seen if progress.planned]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert any(progress.seconds_left for _, progress, _ in seen)


def test_a_wrong_and_a_crashed_variant_cost_only_themselves_and_the_wrong_one_is_pictured(model):
    model.choose(variants=("xor", "wrong_pixel", "leaves"))
    job = ended(model.run())
    assert job.state == "done"
    assert {row["variant"]: row["status"] for row in job.table} == {
        "plain": "measured",
        "xor": "measured",
        "wrong_pixel": "differs",
        "leaves": "crashed",
    }
    assert row_of(job, "wrong_pixel")["median_s"] is None
    assert row_of(job, "xor")["ratio"] is not None
    (found,) = job.differences
    assert found.variant == "wrong_pixel"
    assert [tuple(place) for place in zip(*found.difference.nonzero(), strict=True)] == [(3, 5)]


def test_stop_ends_the_run_keeps_what_is_done_and_stores_it_as_stopped(model, tmp_path):
    model.choose(budget_s=60)
    job = model.run()
    wait_until(lambda: "launch 2 of" in job.progress.text, "two launches")
    job.stop()
    ended(job)
    assert job.state == "stopped"
    assert job.result.document["stopped"]
    assert (row_of(job, "xor")["status"], row_of(job, "xor")["verdict"]) == ("measured", "unresolved")
    assert row_of(job, "xor")["ratio"] is not None
    assert [path.parent.name for path in (tmp_path / "results").glob("*/run.json")] == [job.result.document["run"]]


def test_stop_while_it_starts_and_stop_once_more_do_no_harm(model):
    job = model.run()
    job.stop()
    job.stop()
    ended(job)
    job.stop()
    assert job.state == "stopped"


def test_two_jobs_of_two_dashboards_queue_and_the_second_says_who_measures(model, tmp_path):
    other = Workbench("toy_negative", results=tmp_path / "others")
    other.choose(variants=("xor",), budget_s=0.4)
    first, begun = model.run(), []
    second = other.run()
    second.on_change(lambda job: begun.append(first.state) if job.state == "running" else None)
    wait_until(lambda: str(os.getpid()) in second.progress.text, "who holds the turn")
    assert (second.state, "toy_negative on small" in second.progress.text) == ("queued", True)
    ended(first)
    ended(second)
    assert (first.state, second.state) == ("done", "done")
    assert set(begun) == {"done"}


def test_a_queued_job_can_be_stopped_before_it_has_begun(model):
    with MeasurementLock("a test"):
        job = _in_another_thread(model.run)
        wait_until(lambda: "waits for process" in job.progress.text, "the queue")
        job.stop()
        ended(job)
    assert (job.state, job.result) == ("stopped", None)


def _in_another_thread(make):
    """As the front end's thread: not inside the turn that this one holds."""
    made = []
    thread = threading.Thread(target=lambda: made.append(make()))
    thread.start()
    thread.join()
    return made[0]


def test_a_results_folder_that_cannot_be_written_is_told_before_anything_is_measured(tmp_path):
    registry.load(TOY)
    (tmp_path / "file").touch()
    model = Workbench("toy_negative", results=tmp_path / "file" / "results")
    model.choose(variants=("xor",), budget_s=0.3)
    job = ended(model.run())
    assert job.state == "failed"
    assert str(tmp_path / "file") in job.error
    assert row_of(job, "xor")["ratio"] is None
    registry.forget(TOY)


def test_hostile_names_are_plain_data_and_run_like_any_other(model):
    hostile = next(name for name in registry.stage("toy_negative").workloads if "<script>" in name)
    model.choose(workload=hostile, variants=("xor",))
    assert hostile in [workload.name for workload in model.workloads]
    job = ended(model.run())
    assert (job.state, row_of(job, "xor")["workload"]) == ("done", hostile)
    assert "\n" not in job.code
    again = eval(job.code, {"lk": lk})
    assert list(again.frame.workload) == [hostile, hostile]


def test_a_workload_that_cannot_be_built_costs_the_table_and_not_the_job(model):
    model.choose(workload="broken")
    job = ended(model.run())
    assert job.state == "done"
    assert {row["status"] for row in job.table} == {"crashed", "unavailable"}
    assert model.thumbnail("broken") is None


def test_a_listener_that_raises_costs_only_itself(model):
    job, heard = model.pictures("xor"), []
    job.on_change(lambda job: 1 / 0)
    job.on_change(lambda job: heard.append(job.state))
    ended(job)
    wait_until(lambda: heard[-1:] == ["done"], "the last change")


def test_a_dashboard_that_is_closed_leaves_no_process(model):
    model.choose(budget_s=60)
    job = model.run()
    wait_until(lambda: "launch 1 of" in job.progress.text, "a launch")
    helpers = [child for child in psutil.Process().children() if any(word in str(child.cmdline()) for word in HELPERS)]
    before = set(psutil.Process().children(recursive=True)) - set(helpers)
    assert before
    model.close()
    ended(job)
    assert not [process for process in before if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def test_a_thumbnail_is_made_once_and_brings_the_facts(model):
    assert model.workloads[1].facts == {}
    image = model.thumbnail("large")
    assert (image.dtype, image.shape) == ("uint8", (225, 225, 3))
    assert model.thumbnail("large") is image
    assert model.workloads[1].facts == {"image": "uint8 (900, 900, 3)", "in all": "2.3 MiB"}


def test_history_tells_this_machines_runs_of_the_stage(tmp_path, measurement_of, measured, baseline):
    registry.load(TOY)
    place = {"stage": "toy_negative", "workload": "small"}
    rows = [replace(baseline, **place), measured("xor", 3.0, engine="threads", limit_ratio=None, **place)]
    here = machine_facts()
    save(measurement_of(*rows, machine=here), str, tmp_path)
    save(measurement_of(*rows, machine=here | {"host": "elsewhere"}), str, tmp_path)
    save(measurement_of(*rows, machine=here | {"cpu": "another"}), str, tmp_path)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text('{"schema": 1, "machine": 3, "rows": {}}')
    model = Workbench("toy_negative", results=tmp_path)
    found = model.history("toy_negative")
    assert list(found.frame.variant) == ["plain", "xor@threads"]
    assert list(found.frame.ratio) == [1.0, 3.0]
    assert (found.elsewhere, found.steps, found.passed_over) == (2, [], None)
    assert model.history("main_colors").frame.empty
    registry.forget(TOY)


def test_profile_of_two_gives_their_difference_and_a_sweep_its_curve(model):
    hostile = next(name for name in registry.stage("toy_negative").workloads if "<script>" in name)
    model.choose(workload=hostile)
    lines = ended(model.profile("plain", "xor"))
    assert (lines.state, lines.code[:34]) == ("done", "lk.diff('toy_negative', 'plain', '")
    job = ended(model.sweep("workers", "plain", values=[1, 2], budget_s=0.3))
    assert (job.state, list(job.result.frame.value)) == ("done", [1, 2])
    arms = {f"{row['variant']}@{row['engine']}": row["threads"] for row in job.result.document["rows"]}
    assert arms == {"plain@threads:1": 1, "plain@threads:2": 2, "plain@serial": 1}
    assert job.result.best in (1, 2)
    assert job.result.document["settings"]["threads"] == 1
    assert (job.result.document["fit"] is None) == (cpu_limit() == 1)
    assert all(row["provisional"] is False for row in job.table)


def test_what_does_not_exist_is_refused_before_anything_begins(model):
    for begin in (
        lambda: model.profile("nobody"),
        lambda: model.pictures("nobody"),
        lambda: model.thumbnail("nothing"),
    ):
        with pytest.raises(UsageError):
            begin()
    job = ended(model.sweep("sideways"))
    assert (job.state, job.error[:22]) == ("failed", "unknown axis 'sideways")


def test_arms_are_kept_as_they_are_written_everywhere_and_each_once(model):
    choice = model.choose(variants=[" xor", "xor", "plain@threads:2 "], baseline=" xor ")
    assert (choice.variants, choice.baseline) == (("xor", "plain@threads:2"), "xor")


def test_choices_are_values(model):
    assert astuple(model.choice) == ("toy_negative", ("plain", "xor"), "small", 0.4, model.choice.threads, "plain")
