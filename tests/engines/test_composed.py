"""Threads are composed, not multiplied: workers times the threads of each library stay within the CPU limit."""

import os
import sys
from collections.abc import Iterator
from typing import Any

import cloudpickle
import pytest

from labkit.core import cpus
from labkit.engines import open_engine

cloudpickle.register_pickle_by_value(sys.modules[__name__])
CPUS = 6


def report(_: int) -> dict[str, Any]:
    """What the libraries of a worker would use."""
    import cv2
    import numba
    import numpy  # noqa: F401 (its BLAS is to be seen)
    from threadpoolctl import threadpool_info

    found = {
        "cv2": cv2.getNumThreads(),
        "numba": numba.get_num_threads(),
        "environment": int(os.environ["OMP_NUM_THREADS"]) if "OMP_NUM_THREADS" in os.environ else None,
    }
    for pool in threadpool_info():
        found[pool["user_api"]] = max(found.get(pool["user_api"], 0), pool["num_threads"])
    return found


@pytest.fixture(autouse=True)
def six_cpus(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine of six CPUs, all of which cv2 takes."""
    import cv2

    before = cv2.getNumThreads()
    monkeypatch.setattr(cpus, "cpu_limit", lambda: CPUS)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    cv2.setNumThreads(CPUS)
    yield
    cv2.setNumThreads(before)


@pytest.mark.parametrize("name", ["processes", "pool_imap", "shared_memory"])
@pytest.mark.parametrize(("workers", "share"), [(2, 3), (4, 1)])
def test_each_worker_process_has_its_share(name: str, workers: int, share: int) -> None:
    with open_engine(name, report, workers) as engine:
        found = [outcome.value for outcome in engine.stream((n,) for n in range(workers))]
    for each in found:
        assert each["cv2"] == each["numba"] == each["environment"] == share
        assert each.get("blas", share) == share
        assert each.get("openmp", share) == share


def test_threads_share_while_they_work_and_all_is_as_before_when_they_have_done() -> None:
    import cv2

    torch = pytest.importorskip("torch", reason="torch is not installed")

    torch.set_num_threads(CPUS)  # loads OpenMP
    with open_engine("threads", report, 3) as engine:
        assert cv2.getNumThreads() == CPUS
        found = [outcome.value for outcome in engine.stream((n,) for n in range(6))]
        assert cv2.getNumThreads() == CPUS
    assert {each["cv2"] for each in found} == {2}
    assert {each["openmp"] for each in found} == {2}
