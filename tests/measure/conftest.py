from pathlib import Path

import numpy as np
import pytest

from labkit.core.registry import registry
from labkit.measure.bench import make_settings, measure, plan_requests
from labkit.processes.fleet import Fleet

TOY = Path(__file__).with_name("toy.py")


@pytest.fixture(scope="package")
def fleet():
    registry.load(TOY)
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
