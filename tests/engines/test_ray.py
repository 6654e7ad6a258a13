"""Engine ray on a cluster of its own, which a second node joins. Starting Ray takes its time: one cluster for all tests."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import cloudpickle
import numpy as np
import psutil
import pytest

from labkit.engines import open_engine
from labkit.engines.ray_actors import Hand, RayActors
from tests.engines import tasks
from tests.engines.tasks import act

pytest.importorskip("ray", reason="ray is not installed")
cloudpickle.register_pickle_by_value(sys.modules[__name__])
cloudpickle.register_pickle_by_value(tasks)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A cluster of our own with two CPUs, to which this process is connected; made once, for Ray takes its time."""
    from labkit.engines.ray_cluster import OwnCluster

    own = OwnCluster(2)
    yield own
    own.close()


@pytest.fixture
def second(cluster: Any) -> Iterator[Any]:
    """Another node with one CPU."""
    import ray
    from ray._private.node import Node
    from ray._private.parameter import RayParams

    asked = RayParams(
        gcs_address=ray.get_runtime_context().gcs_address,
        num_cpus=1,
        node_ip_address="127.0.0.1",
        object_store_memory=10**8,
    )
    node = Node(asked, head=False, shutdown_at_exit=False, spawn_reaper=False)
    yield node
    node.kill_all_processes(check_alive=False, allow_graceful=False)


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


class Unanswered(RayActors):
    """Workers of whose answers nothing has come yet, and a stand-in for Ray, which is not needed to ask whose fault it was."""

    def __init__(self, tasks: int) -> None:
        self._ray = SimpleNamespace(wait=lambda references, **_: ([], references))
        method = SimpleNamespace(remote=lambda *_: object())  # a reference to an answer
        self.workers, self._crew = 0, [Hand(SimpleNamespace(ready=method, run=method))]
        for ticket in range(tasks):
            self.submit(ticket, [("echo", ticket)])


@pytest.mark.parametrize(("tasks", "blamed"), [(1, [0]), (2, [None, None])])
def test_a_task_is_blamed_for_a_death_only_where_no_other_can_be(tasks: int, blamed: list[int | None]) -> None:
    """A worker's last answers may be lost with it: the first it has not answered need not be the one it died of."""
    workers = Unanswered(tasks)
    answers = workers._death(workers._crew[0], "WorkerDied: killed")
    assert [(answer.ticket, answer.blamed, answer.innocent) for answer in answers] == [
        (ticket, blame, False) for ticket, blame in enumerate(blamed)
    ]


def test_a_factory_is_called_once_a_worker(cluster: Any) -> None:
    with open_engine("ray", lambda made, _: made, 2, once=lambda: (os.getpid(), time.monotonic_ns())) as engine:
        found = {outcome.value for outcome in engine.stream((n,) for n in range(30))}
    assert 1 <= len(found) <= 2
    assert os.getpid() not in {pid for pid, _ in found}


def test_tasks_of_a_chunk_are_timed_one_by_one(cluster: Any) -> None:
    given = [("sleep", 0.6), ("sleep", 0.6), ("hang",), ("sleep", 0.6)]
    with open_engine("ray", act, 1, chunk=4, time_limit_s=1.5) as engine:
        found = [outcome.error for outcome in engine.stream(given, ordered=True)]
    assert found == [None, None, "TimeLimit: took longer than 1.5 s", None]


def test_a_node_lost_in_mid_run_loses_no_image_and_ray_says_nothing(
    second: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    images = [np.full((200, 200, 3), n, np.uint8) for n in range(80)]
    nodes = set()
    found = {}
    with open_engine("ray", slow_negative, 3) as engine:
        for outcome in engine.stream((image,) for image in images):
            found[outcome.index] = outcome
            nodes.add(outcome.value[0] if outcome.value else None)
            if len(nodes) == 2 and second.any_processes_alive():
                second.kill_all_processes(check_alive=False, allow_graceful=False)
    assert len(nodes) == 2
    assert [found[n].error for n in range(80)] == [None] * 80
    assert all(np.array_equal(found[n].value[1], 255 - images[n]) for n in range(80))
    assert capfd.readouterr() == ("", "")


def test_nothing_of_a_cluster_of_our_own_listens_beyond_this_machine(cluster: Any) -> None:
    with open_engine("ray", act, 2) as engine:
        list(engine.stream([("echo", 1)] * 4))
        ours = psutil.Process()
        heads = [child for child in ours.children() if "ray_cluster import head" in " ".join(child.cmdline())]
        addresses = set()
        for process in [ours, *(below for head in heads for below in [head, *head.children(recursive=True)])]:
            with suppress(psutil.NoSuchProcess):  # Ray asks the system for this and that now and then
                found = process.net_connections("inet")
                addresses |= {one.laddr.ip for one in found if one.status == psutil.CONN_LISTEN}
    assert len(heads) == 1
    assert addresses
    assert {address.removeprefix("::ffff:") for address in addresses} <= {"127.0.0.1", "::1"}


INTERRUPTED = """
import sys
from labkit.engines import open_engine
try:
    open_engine("ray", len, 1)
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_ctrl_c_while_ray_starts_leaves_nothing_and_ray_says_nothing() -> None:
    with tempfile.TemporaryDirectory(prefix="r") as folder:  # short, as Ray needs it
        environment = os.environ | {"TMPDIR": folder, "HOME": folder}
        child = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTED],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={name: value for name, value in environment.items() if not name.startswith("RAY_")},
            start_new_session=True,
        )
        root = psutil.Process(child.pid)
        started: list[psutil.Process] = []
        while child.poll() is None and not any(process.name() == "gcs_server" for process in started):
            time.sleep(0.05)
            started = [process for process in root.children(recursive=True) if process.is_running()]
        child.send_signal(signal.SIGINT)
        said = child.communicate()
        assert (child.returncode, said) == (130, (b"", b""))
        assert not [process for process in started if process.is_running() and process.status() != "zombie"]
        assert not os.listdir(folder)
