import itertools
from pathlib import Path

import numpy as np
import pytest

from labkit.core.registry import registry
from labkit.measure.bench import make_settings, measure, plan_requests
from labkit.measure.launch import LaunchTask
from labkit.processes.fleet import Fleet, Parent

TOY = Path(__file__).with_name("toy.py")


@pytest.fixture(scope="package")
def fleet(tmp_path_factory):
    registry.load(TOY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOY_ANSWERS", str(tmp_path_factory.mktemp("answers")))
        with Fleet(2, np.random.default_rng(7)) as made:
            yield made


@pytest.fixture(scope="package")
def bench(fleet):
    """Measure toy variants with a small budget; gives the table."""

    def run(variants, workload="big", budget=0.3, listener=None, **settings):
        settings = {"seed": 5, "time_limit_s": 2.0, "memory_limit": 2**30, "threads": 2} | settings
        requests = plan_requests(["toy_sum"], variants, [workload])
        measurement = measure(requests, make_settings(budget, **settings), listener, fleet)
        return measurement.tables[0]

    return run


@pytest.fixture
def recorded(monkeypatch):
    """Let probes and launches tell these seconds a call, by arm, in place of what the clock said; all else is as it was.

    A function gives those of a launch, by its number. Rounds scatter by 1 %, the same each time.
    """

    def clock(**seconds):
        def told(arm, launch):
            given = seconds.get(arm, 1e-4)
            return given(launch) if callable(given) else given

        def ran(parent, task, limits):
            outcome = run(parent, task, limits)
            if "cost_s" in outcome.found:
                outcome.found["cost_s"] = told(task.arm, 0)
            if isinstance(task, LaunchTask) and "samples" in outcome.found:
                launch, samples = next(launches), outcome.found["samples"]
                scatter = np.random.default_rng(launch).normal(0, 0.01, samples["arm"].size)
                samples["seconds"] = np.array([told(arm, launch) for arm in task.arms])[samples["arm"]] * np.exp(
                    scatter
                )
                samples["put_aside"] = np.zeros(samples["arm"].size, bool)
            return outcome

        run, launches = Parent.run, itertools.count()
        monkeypatch.setattr(Parent, "run", ran)

    return clock
