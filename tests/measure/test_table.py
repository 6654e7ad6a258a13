"""Measuring real arms in real launches: what happens to each, and what is kept. Nothing here asserts a speed."""

import math
import os
import re
import signal
from pathlib import Path

import numpy as np
import pytest

from labkit.measure.bench import make_settings, measure, plan_requests
from labkit.measure.checking import EdgeCases, check_table, compile_note
from labkit.measure.launch import LaunchTask
from labkit.measure.limit import LIMIT
from labkit.measure.probe import HOPELESS, ProbeTask
from labkit.measure.request import Listener
from labkit.measure.result import Status
from labkit.measure.schedule import FEWEST_LAUNCHES
from labkit.measure.statistics import undisturbed
from labkit.processes.fleet import Parent

BROKEN = {
    "wrong": (Status.DIFFERS, "expected"),
    "segfaults": (Status.CRASHED, "SIGSEGV"),
    "hangs": (Status.TIMED_OUT, "did not end within 2 s"),
    "raises": (Status.CRASHED, "KeyError: 'no such colour' (toy.py:"),
    "leaves": (Status.CRASHED, "exit status 3"),
    "refuses": (Status.UNAVAILABLE, "reads JPEG only"),
    "absent": (Status.UNAVAILABLE, "no CUDA device"),
    "unmet": (Status.UNAVAILABLE, "a_module_nobody_has"),
}


@pytest.fixture(scope="module")
def broken(bench):
    """One table with every broken variant beside two sound ones."""
    return bench(["plain", "twice", *BROKEN])


def row(table, arm):
    return next(found for found in table.rows if found.arm == arm)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_variant_says_what_happened_and_gets_no_time(broken, name):
    status, words = BROKEN[name]
    found = row(broken, name)
    assert (found.status, found.median_s, found.ratio, found.verdict) == (status, None, None, None)
    assert words in found.reason


def test_one_that_takes_more_memory_than_it_may_is_ended(bench):
    found = row(bench(["plain", "hoards"], time_limit_s=60.0), "hoards")  # it must not be the time that ends it
    assert (found.status, found.median_s) == (Status.CRASHED, None)
    assert "more memory than it may (limit 1.0 GiB)" in found.reason


def test_broken_variants_cost_the_sound_ones_nothing(broken):
    assert [row(broken, arm).status for arm in ("plain", "twice")] == [Status.MEASURED] * 2
    assert row(broken, "twice").ratio_high is not None


def test_only_arms_that_agree_are_ever_timed(broken):
    timed = {broken.samples.arms.index(arm) for launch in broken.samples.launches for arm in launch["arms"]}
    assert {broken.samples.arms[i] for i in timed} == {"plain", "twice", LIMIT}


@pytest.mark.parametrize(("late", "status"), [("segfaults_late", Status.CRASHED), ("hangs_late", Status.TIMED_OUT)])
def test_an_arm_that_fails_in_a_launch_is_left_out_and_the_launch_is_repeated(bench, late, status):
    table = bench(["plain", late, "twice"], time_limit_s=1.0)
    assert row(table, late).status is status
    assert row(table, late).median_s is None
    assert [launch["launch"] for launch in table.samples.launches] == list(range(len(table.samples.launches)))
    assert all(late not in launch["arms"] for launch in table.samples.launches)
    assert row(table, "twice").ratio is not None


def test_an_arm_too_slow_for_the_budget_says_which_budget_would_do(bench):
    assert HOPELESS * 0.3 / FEWEST_LAUNCHES < 0.3  # the second call is not waited for until its end
    heard = []

    class Hears(Listener):
        def planned(self, table, plan, budget_s):
            heard.append((list(plan.too_slow), budget_s))

        def launched(self, done, planned):
            heard.append(done)

    table = bench(["plain", "slow"], listener=Hears())
    assert heard[:2] == [(["slow"], 0.3), 1]
    assert row(table, "slow").status is Status.TOO_SLOW
    told = re.fullmatch(r"one call takes (\S+) s: a budget of (\d+) s would take it in", row(table, "slow").reason)
    assert float(told[1]) >= 0.3
    assert int(told[2]) == pytest.approx(FEWEST_LAUNCHES * float(told[1]), abs=1.5)


def test_a_long_first_call_is_no_slowness_the_second_one_decides(bench):
    table = bench(["plain", "compiles_for_long"])
    found = row(table, "compiles_for_long")
    assert found.first_call_s > HOPELESS * 0.3 / FEWEST_LAUNCHES
    assert (found.status, found.median_s < 0.02) == (Status.MEASURED, True)


@pytest.mark.parametrize(("first_s", "later_s", "told"), [(13.0, 0.012, True), (13.0, 9.0, False), (0.2, 1e-6, False)])
def test_a_first_call_that_compiles_for_long_advises_a_cache(first_s, later_s, told):
    note = compile_note(first_s, later_s)
    assert (note is not None) == told
    assert note is None or ("13 s" in note and "cache=True" in note)


def test_set_up_and_first_call_are_figures_of_their_own(bench):
    table = bench(["plain", "slow_to_set_up", "slow_at_first"])
    assert row(table, "slow_to_set_up").setup_s > 0.05
    assert row(table, "slow_at_first").first_call_s > 0.05
    assert all(row(table, arm).median_s < 0.02 for arm in ("slow_to_set_up", "slow_at_first"))


@pytest.mark.parametrize(
    ("arm", "words"),
    [
        ("remembers_a_sample", "memoised: new content takes"),
        ("remembers_in_files", "memoised: new content takes"),
        ("honest_while_probed", "in a timed call: output: is 0, expected"),
        ("honest_for_a_while", "in a timed call: output: is "),
        ("writes_late", "in a timed call: changes its input in place"),
    ],
)
def test_what_is_wrong_in_timed_calls_alone_is_told_and_gets_no_time(bench, arm, words):
    table = bench(["plain", arm, "twice"])
    found = row(table, arm)
    assert (found.status, found.median_s, found.ratio, found.verdict) == (Status.DIFFERS, None, None, None)
    assert found.reason.startswith(words)
    assert [row(table, sound).status for sound in ("plain", "twice")] == [Status.MEASURED] * 2
    assert row(table, "twice").ratio is not None


@pytest.mark.parametrize("arm", ["leaves_a_trace", "leaves_a_trace_late"])
def test_an_arm_that_leaves_its_process_changed_is_timed_in_one_of_its_own_and_its_row_says_so(bench, arm):
    table = bench(["plain", arm])
    assert "leaves its process changed (trace function)" in row(table, arm).note
    assert (row(table, arm).status, row(table, "plain").note) == (Status.MEASURED, None)
    assert row(table, arm).ratio is not None


def test_beside_a_baseline_that_leaves_its_process_changed_every_arm_has_one_of_its_own(monkeypatch, fleet):
    ran = []
    run = Parent.run
    monkeypatch.setattr(Parent, "run", lambda *given: ran.append(given[1]) or run(*given))
    (request,) = plan_requests(["toy_sum"], ["plain"], ["small"], "leaves_a_trace")
    (table,) = measure([request], make_settings(0.1, seed=5, threads=2), None, fleet).tables
    assert {task.apart for task in ran if isinstance(task, LaunchTask)} == {
        frozenset(("leaves_a_trace", "plain", LIMIT))
    }
    assert row(table, "plain").ratio is not None


def test_every_launch_is_forked_from_a_single_threaded_parent_and_every_parent_has_its_turn(bench, fleet):
    table = bench(["plain", "twice", "plain@threads"])
    assert {launch["threads_at_start"] for launch in table.samples.launches} == {1}
    assert {launch["parent"] for launch in table.samples.launches} == set(range(len(fleet.launchers)))
    assert len({launch["seed"] for launch in table.samples.launches}) == len(table.samples.launches)


def test_engines_are_measured_as_arms_with_their_workers(bench):
    table = bench(["plain", "plain@serial", "plain@threads", "plain@processes"])
    assert [found.status for found in table.rows] == [Status.MEASURED] * 4
    assert row(table, "plain@processes").threads == 2
    assert row(table, "plain@processes").peak_bytes > row(table, "plain").peak_bytes


@pytest.mark.parametrize("how", ["bench", "check"])
def test_edge_cases_are_answered_once_a_stage_and_tried_once_by_each_arm_and_stay_with_the_clean_parent(
    fleet, monkeypatch, how
):
    ran = []

    def watched(parent, task, limits):
        outcome = run(parent, task, limits)
        ran.append((task, outcome))
        return outcome

    run = Parent.run
    monkeypatch.setattr(Parent, "run", watched)
    requests = plan_requests(["toy_sum"], ["twice", "wrong_on_one_pixel"], ["small", "big"])
    settings = make_settings(0.1, seed=5, threads=2)
    if how == "bench":
        rows = measure(requests, settings, None, fleet).rows
    else:
        known = EdgeCases()
        rows = [row for request in requests for row in check_table(fleet, request, known, settings, Listener())]
    differ = [(row.arm, row.workload) for row in rows if row.status is Status.DIFFERS]
    assert differ == [("wrong_on_one_pixel", "small"), ("wrong_on_one_pixel", "big")]
    assert len({row.reason for row in rows if row.status is Status.DIFFERS}) == 1
    drawn = ("drawn_cases", "many_alike")
    assert [outcome.kept for _, outcome in ran if outcome.kept] == [
        ("edge_cases", "short"),
        ("exam", *drawn),
        ("exam",),
    ]
    assert not any({"exam", "edge_cases", *drawn} & outcome.found.keys() for _, outcome in ran)
    assert [task.edge_cases for task, _ in ran if isinstance(task, ProbeTask)] == [True] * 3 + [False] * 3


def test_what_takes_seconds_is_called_again_and_again_on_a_short_input_alone(fleet):
    (request,) = plan_requests(["toy_sum"], ["takes_long", "takes_long_and_remembers"], ["big"])
    settings = make_settings(0.1, seed=5, threads=2, time_limit_s=4.0)  # two calls of 1.1 s on the workload, not five
    rows = check_table(fleet, request, EdgeCases(), settings, Listener())
    plain, sound, remembers = rows
    assert (plain.status, sound.status, sound.reason) == (Status.MEASURED, Status.MEASURED, None)
    assert remembers.status is Status.DIFFERS
    assert remembers.reason.startswith("on a short input: remembers the answer of the call before")


def test_without_a_fit_edge_case_the_short_input_is_the_smallest_workload(fleet):
    (request,) = plan_requests(["toy_wait"], ["patient", "patient_and_remembers"], ["long"])
    settings = make_settings(0.1, seed=5, threads=2, time_limit_s=4.0)
    rows = check_table(fleet, request, EdgeCases(), settings, Listener())
    assert [row.status for row in rows] == [Status.MEASURED, Status.DIFFERS]
    assert rows[1].reason.startswith("on a short input: remembers the answer of the call before")


def test_unasked_only_the_sound_kernel_that_was_quickest_when_probed_comes_under_engines(fleet):
    (request,) = plan_requests(["toy_max"])
    counts = []

    class Counts(Listener):
        def table_begins(self, stage, workload, arms):
            counts.append(arms)

        def probed(self, row):
            counts.append(row.arm)

    settings = make_settings(0.3, seed=5, threads=2)
    (table,) = measure([request], settings, Counts(), fleet).tables
    alone, engines = ["by_halves", "leisurely", "guessed", "at_once"], ["at_once@threads", "at_once@shared_memory"]
    assert [row.arm for row in table.rows] == [*alone, *engines]
    assert counts == [6, *alone, *engines]
    assert table.facts["under_engines"] == "at_once"
    assert set(table.samples.launches[0]["arms"]) == {"by_halves", "leisurely", "at_once", *engines}
    assert table.facts["family"] == 4  # what is in the launches beside the baseline, however it came there
    assert [row.arm for row in check_table(fleet, request, EdgeCases(), settings, Counts())] == [*alone, *engines]


def test_ratios_are_paired_in_the_round_and_medians_taken_over_launches(bench):
    table = bench(["plain", "twice"])
    place = [table.samples.arms.index(arm) for arm in ("plain", "twice")]
    launches = [table.samples.seconds(launch)[:, place] for launch in table.samples.launches]
    aside = [table.samples.put_aside(launch)[:, place].any(axis=1) for launch in table.samples.launches]
    ratios = [undisturbed(np.log(s[:, 0] / s[:, 1]), put) for s, put in zip(launches, aside, strict=True)]
    expected = math.exp(np.median([np.nanmedian(each) for each in ratios]))
    assert row(table, "twice").ratio == pytest.approx(expected)
    assert row(table, "twice").median_s == pytest.approx(np.median([np.nanmedian(s[:, 1]) for s in launches]))
    assert row(table, "twice").ratio_low <= expected <= row(table, "twice").ratio_high


def test_the_limit_is_an_arm_of_the_same_launches(bench, recorded):
    recorded(plain=1e-3, twice=2e-3)
    table = bench(["plain", "twice"])
    assert all(LIMIT in launch["arms"] for launch in table.samples.launches)
    assert row(table, "twice").limit_ratio > row(table, "plain").limit_ratio > 0
    for found in table.rows:
        assert found.limit_low <= found.limit_ratio <= found.limit_high
    assert LIMIT not in {found.arm for found in table.rows}


def test_a_stage_that_counts_items_tells_its_rate(bench):
    found = row(bench(["plain", "twice"]), "twice")
    assert found.items_per_s == pytest.approx(500 / found.median_s)


def test_a_run_stops_at_a_look_that_has_decided_everything(bench, recorded):
    recorded(plain=1e-3, twice=2e-3)
    table = bench(["plain", "twice"], budget=1.0)
    assert len(table.samples.launches) == table.looks[0] < table.looks[-1]
    assert table.best.decided
    assert table.best.best == "plain"


def test_the_same_variant_under_two_names_is_neither_faster_nor_slower(bench, recorded):
    recorded(plain=1e-3, slow_at_first=1e-3)
    table = bench(["plain", "slow_at_first"], budget=1.0)
    assert row(table, "slow_at_first").verdict == "same"


class StopAt(Listener):
    """Presses Ctrl-C after so many launches, or while arms are still being checked."""

    def __init__(self, launches=None):
        self.launches = launches

    def probed(self, row):
        if self.launches is None:
            raise KeyboardInterrupt

    def launched(self, done, planned):
        if done == self.launches:
            raise KeyboardInterrupt


def test_ctrl_c_before_a_look_keeps_the_samples_and_decides_nothing(bench, recorded):
    recorded(plain=1e-3, twice=2e-3)
    table = bench(["plain", "twice"], budget=1.0, listener=StopAt(5))
    assert len(table.samples.launches) == 5
    assert (row(table, "twice").verdict, row(table, "twice").reason) == ("unresolved", "stopped")
    assert row(table, "twice").ratio < 1
    assert row(table, "twice").ratio_low is None


def test_ctrl_c_after_a_look_keeps_what_it_had_decided(bench, recorded):
    recorded(plain=1e-3, twice=2e-3, faster_or_slower=lambda launch: 5e-4 if launch % 2 else 2e-3)
    table = bench(["plain", "twice", "faster_or_slower"], budget=1.0, listener=StopAt(20))
    assert len(table.samples.launches) == 20
    assert table.facts["look"] == 0
    assert row(table, "twice").verdict == "slower"
    undecided = row(table, "faster_or_slower")
    assert (undecided.verdict, undecided.reason) == ("unresolved", "stopped")


def test_a_baseline_that_fails_in_the_launches_leaves_the_others_without_verdict(bench, fleet):
    requests = plan_requests(["toy_sum"], ["twice"], ["big"], "segfaults_late")
    table = measure(requests, make_settings(0.3, seed=5, threads=2), None, fleet).tables[0]
    assert row(table, "segfaults_late").status is Status.CRASHED
    assert (row(table, "twice").verdict, row(table, "twice").ratio) == ("unresolved", None)


def test_ctrl_c_while_checking_says_which_arms_were_not_tried(bench):
    table = bench(["plain", "twice"], listener=StopAt())
    assert row(table, "twice").reason == "stopped before it was tried"
    assert row(table, "plain").first_call_s is not None


def test_a_variant_in_its_own_process_leaves_no_trace_in_the_fleet(bench, fleet):
    before = _descendants(os.getpid())
    bench(["plain", "plain@processes", "leaves_a_thread_spinning"])
    assert _descendants(os.getpid()) == before


def _descendants(process):
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return {int(child) for child in children} | {pid for child in children for pid in _descendants(int(child))}


class KillParents(Listener):
    """Kills every parent of a fleet, once, at a bad moment."""

    def __init__(self, fleet, moment):
        self.fleet, self.moment, self.done = fleet, moment, False

    def kill(self):
        if not self.done:
            self.done = True
            for parent in (self.fleet.clean, *self.fleet.launchers):
                os.kill(parent.pid, signal.SIGKILL)

    def probed(self, row):
        if self.moment == "probing":
            self.kill()

    def launched(self, done, planned):
        if self.moment == "launching" and done == 3:
            self.kill()


@pytest.mark.parametrize("moment", ["probing", "launching"])
def test_parents_that_are_killed_are_replaced_and_told_again_what_they_knew(bench, fleet, moment):
    listener = KillParents(fleet, moment)
    table = bench(["plain", "wrong", "twice"], budget=1.0, listener=listener)
    assert listener.done
    assert row(table, "twice").ratio is not None
    assert [launch["launch"] for launch in table.samples.launches] == list(range(len(table.samples.launches)))
