"""Engine ray on a cluster of two nodes on one machine. Starting Ray takes half a minute: one cluster for all tests."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest

from labkit.engines import open_engine
from tests.engines import tasks
from tests.engines.tasks import act

pytest.importorskip("ray", reason="ray is not installed")
cloudpickle.register_pickle_by_value(sys.modules[__name__])
cloudpickle.register_pickle_by_value(tasks)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes: a head with one CPU, to which this process is connected, and another with one CPU."""
    import ray
    from ray.cluster_utils import Cluster

    patched = pytest.MonkeyPatch()
    patched.setenv("RAY_USAGE_STATS_ENABLED", "0")
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.second = made.add_node(num_cpus=1)
    ray.init(address=made.address, log_to_driver=False, logging_level="error", configure_logging=False)
    yield made
    ray.shutdown()
    made.shutdown()
    patched.undo()


def slow_negative(image: np.ndarray) -> tuple[str, np.ndarray]:
    import ray

    time.sleep(0.05)
    return ray.get_runtime_context().get_node_id(), 255 - image


def test_tasks_their_errors_and_those_that_kill_their_worker(cluster: Any) -> None:
    image = np.arange(300_000, dtype=np.uint8).reshape(100, 1000, 3)
    given = [("negative", image), ("error", "no such colour"), ("die",), ("lock",), ("echo", 4), ("hang",)]
    with open_engine("ray", act, 2, time_limit_s=2) as engine:
        found = {outcome.index: outcome for outcome in engine.stream(given)}
        again = [outcome.value for outcome in engine.stream([("echo", n) for n in range(20)], ordered=True)]
    assert np.array_equal(found[0].value, 255 - image)
    assert found[1].error == "LookupError: no such colour"
    assert str(found[2].error).startswith("WorkerDied: ")
    assert "pickle" in str(found[3].error)
    assert found[4].value == (4,)
    assert found[5].error == "TimeLimit: took longer than 2 s"
    assert again == [(n,) for n in range(20)]


def test_a_factory_is_called_once_a_worker(cluster: Any) -> None:
    with open_engine("ray", lambda made, _: made, 2, once=lambda: (os.getpid(), time.monotonic_ns())) as engine:
        found = {outcome.value for outcome in engine.stream((n,) for n in range(30))}
    assert 1 <= len(found) <= 2
    assert os.getpid() not in {pid for pid, _ in found}


def test_a_node_lost_in_mid_run_loses_no_image(cluster: Any) -> None:
    images = [np.full((200, 200, 3), n, np.uint8) for n in range(80)]
    nodes = set()
    found = {}
    with open_engine("ray", slow_negative, 2) as engine:
        for outcome in engine.stream((image,) for image in images):
            found[outcome.index] = outcome
            nodes.add(outcome.value[0] if outcome.value else None)
            if len(nodes) == 2 and cluster.second is not None:
                cluster.remove_node(cluster.second, allow_graceful=False)
                cluster.second = None
    assert cluster.second is None  # both nodes had worked
    assert [found[n].error for n in range(80)] == [None] * 80
    assert all(np.array_equal(found[n].value[1], 255 - images[n]) for n in range(80))


def test_ctrl_c_while_ray_starts_leaves_no_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import ray

    folders: list[bool] = []
    ended: list[bool] = []

    def interrupted(**_: Any) -> None:
        folders.append(any(tmp_path.iterdir()))
        raise KeyboardInterrupt

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", interrupted)
    monkeypatch.setattr(ray, "shutdown", lambda: ended.append(True))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(KeyboardInterrupt):
        open_engine("ray", act, 1)
    assert (folders, ended) == ([True], [True])
    assert not list(tmp_path.iterdir())
