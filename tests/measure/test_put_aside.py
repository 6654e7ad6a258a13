"""A call that the scheduler put aside says how long others ran; of arms that run alone, such rounds do not count."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from labkit.measure.conclude import conclude
from labkit.measure.result import Row
from labkit.processes.tasks import times_put_aside
from tests.gauntlet.simulated import simulated_table


def ratio_of(row: Row) -> float:
    assert row.ratio is not None
    return row.ratio


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts the switches of a thread")
def test_the_kernel_tells_when_somebody_else_had_the_cpu() -> None:
    cpu = min(os.sched_getaffinity(0))
    command = f"import os\nos.sched_setaffinity(0, [{cpu}])\nprint(flush=True)\nwhile True: pass"
    allowed = os.sched_getaffinity(0)
    rival = subprocess.Popen([sys.executable, "-c", command], stdout=subprocess.PIPE)
    try:
        assert rival.stdout is not None
        rival.stdout.readline()
        os.sched_setaffinity(0, [cpu])
        before, end = times_put_aside(), time.monotonic() + 60
        while times_put_aside() == before and time.monotonic() < end:
            pass
        assert times_put_aside() > before
    finally:
        os.sched_setaffinity(0, allowed)
        rival.kill()
        rival.communicate()


@pytest.mark.parametrize("short", [0.8e-3, 0.14e-3])
def test_a_longer_call_is_not_called_slower_for_being_interrupted_more_often(short: float) -> None:
    seconds = {"long": 1.4e-3, "short": short}
    tables = [simulated_table(seconds, budget_s=2.0, burners=2, seed=seed) for seed in range(20)]
    assert np.median([ratio_of(table.rows[1]) for table in tables]) == pytest.approx(1.4e-3 / short, rel=5e-4)


def test_several_short_calls_are_interrupted_as_often_as_one_long_call() -> None:
    seconds = {"long": 14e-3, "short": 1.4e-3}
    tables = [simulated_table(seconds, budget_s=2.0, burners=2, seed=seed) for seed in range(20)]
    aside = [table.samples.put_aside(launch).mean(axis=0)[:2] for table in tables for launch in table.samples.launches]
    long, short = np.mean(aside, axis=0)
    assert short == pytest.approx(long, rel=0.2)
    ratio = np.median([ratio_of(table.rows[1]) for table in tables])
    assert ratio == pytest.approx(10.0, rel=4e-3)  # with one short call a sample: 0.7 % off


def test_threads_of_an_arms_own_are_its_cost() -> None:
    seconds = {"long": 1.4e-3, "short": 0.8e-3}
    table = simulated_table(seconds, budget_s=2.0, burners=2, seed=3)
    alone = ratio_of(table.rows[1])
    table.rows[1].threads = 2
    conclude(table, list(seconds))
    assert ratio_of(table.rows[1]) != alone


def test_a_launch_of_which_all_rounds_were_interrupted_still_counts() -> None:
    table = simulated_table({"a": 1e-3, "b": 1e-3}, budget_s=1.0, burners=0, seed=4)
    for launch in table.samples.launches:
        launch["samples"]["put_aside"][:] = True
    conclude(table, ["a", "b"])
    assert ratio_of(table.rows[1]) == pytest.approx(1.0, rel=0.01)
