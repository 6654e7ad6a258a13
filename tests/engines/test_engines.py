"""Engines: every one gives what the whole gives, tells the error of a part, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import psutil
import pytest

import labkit as lk
from labkit.core.errors import UsageError
from labkit.core.registry import Registry
from labkit.core.stage import Split, define_stage
from labkit.core.variant import Variant
from labkit.engines import ENGINES, check_engine, processes, split_arm
from labkit.engines.arm import ArmName, open_arm

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # as for a notebook: workers need not import the tests
Run = Callable[[list[tuple[Any, ...]]], list[Any]]


class OwnError(Exception):
    """An error whose class only this module has."""


class LockedError(Exception):
    """An error that can't be pickled."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.lock = threading.Lock()


def act(order: str, *values: Any) -> Any:
    """What a worker is asked to do."""
    match order:
        case "own error":
            raise OwnError(*values)
        case "locked error":
            raise LockedError(*values)
        case "error":
            raise LookupError(*values)
        case "lock":
            return threading.Lock()
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "leave":
            os._exit(3)
        case "negative":
            return 255 - values[0]
        case "process":
            return os.getpid()
    return values


@pytest.fixture(scope="module")
def workers() -> Iterator[Run]:
    """Two worker processes that many tests share."""
    with processes.open_processes(act, 2) as run:
        yield run


def bands(count: int, image: np.ndarray) -> list[tuple[np.ndarray]]:
    return [(band,) for band in np.array_split(image, count) if len(band)]


def contract(image: np.ndarray) -> None:
    """Image (h, w)."""


STAGE = define_stage(
    contract,
    name="lines",
    reference="plain",
    workloads=[],
    split=Split("rows", bands, lambda parts, image: np.concatenate(parts)),
)
PLAIN = Variant("lines", "plain", "numpy", function=lambda i: i.sum(1), partial=lambda i: i.sum(1))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("count", [1, 3])
def test_an_engine_gives_what_the_whole_gives(engine: str, count: int) -> None:
    with split_arm(STAGE, PLAIN, engine, count) as call:
        for height in (7, 1, 100):
            image = np.arange(height * 5).reshape(height, 5)
            assert np.array_equal(call(image), image.sum(1))


@pytest.mark.parametrize("engine", [engine for engine in ENGINES if engine != "processes"])
def test_the_error_of_a_part_is_the_engines_error(engine: str) -> None:
    with ENGINES[engine](act, 2) as run:
        with pytest.raises(LookupError, match="no such colour"):
            run([("echo", 1), ("error", "no such colour")])
        assert run([("echo", 2)]) == [(2,)]


@pytest.mark.parametrize(
    ("engine", "stage", "variant", "said"),
    [
        ("rockets", STAGE, PLAIN, "unknown engine 'rockets'; engines: serial, threads, processes"),
        ("threads", define_stage(contract, reference="p", workloads=[]), PLAIN, "stage contract declares no split"),
        ("threads", STAGE, Variant("lines", "whole", "numpy"), "variant whole of stage lines has no partial"),
    ],
)
def test_what_can_not_run_under_an_engine_says_why(engine: str, stage: Any, variant: Variant, said: str) -> None:
    with pytest.raises(UsageError, match=said), split_arm(stage, variant, engine, 1):
        pass


def test_an_engine_that_exists_passes() -> None:
    check_engine("threads")


def test_results_come_in_the_order_of_the_parts_however_many(workers: Run) -> None:
    assert workers([("echo", n) for n in range(7)]) == [(n,) for n in range(7)]
    assert workers([]) == []


def test_parts_are_spread_over_processes_that_stay(workers: Run) -> None:
    first, second = (workers([("process",)] * 4) for _ in range(2))
    assert first == second
    assert len(set(first)) == 2
    assert os.getpid() not in first


def test_arrays_reach_a_worker_and_come_back(workers: Run) -> None:
    image = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)
    shapes = [image, image[:, ::2], np.asfortranarray(image), image[:0], np.tile(image, (40, 40, 1))]
    for array, answer in zip(shapes, workers([("negative", array) for array in shapes]), strict=True):
        assert np.array_equal(answer, 255 - array)


def test_more_than_fifty_megabytes_come_back_whole(workers: Run) -> None:
    image = np.arange(56 * 2**20, dtype=np.uint8)
    (answer,) = workers([("negative", image)])
    assert np.array_equal(answer, 255 - image)


@pytest.mark.parametrize(
    ("order", "error", "said"),
    [
        ("error", LookupError, "no such colour"),
        ("own error", OwnError, "no such colour"),
        ("locked error", RuntimeError, "LockedError: no such colour"),
        ("lock", TypeError, "pickle"),
    ],
)
def test_the_error_of_a_worker_comes_back_and_the_worker_stays(
    workers: Run, order: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        workers([(order, "no such colour"), ("echo", 1)])
    assert workers([("echo", 2), ("echo", 3)]) == [(2,), (3,)]


def test_a_part_that_can_not_be_sent_does_not_mix_up_the_answers(workers: Run) -> None:
    with pytest.raises(TypeError, match="pickle"):
        workers([("echo", 1), ("echo", threading.Lock())])
    assert workers([("echo", 2), ("echo", 3)]) == [(2,), (3,)]


@pytest.mark.parametrize(("order", "ending"), [("die", "SIGKILL"), ("leave", "exit status 3")])
def test_a_worker_that_dies_is_a_clear_error_each_time_and_no_hang(order: str, ending: str) -> None:
    with processes.open_processes(act, 2) as run:
        for orders in ([("echo", 1), (order,)], [("echo", 1), ("echo", 2)]):
            with pytest.raises(RuntimeError, match=rf"a worker process died \({ending}\)"):
                run(orders)


def test_a_worker_that_lacks_a_module_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("only_here")
    exec("def function(x): return x", module.__dict__)
    monkeypatch.setitem(sys.modules, "only_here", module)
    with processes.open_processes(module.function, 1) as run, pytest.raises(ModuleNotFoundError, match="only_here"):
        run([(1,)])


def test_nothing_is_left_behind(workers: Run) -> None:
    shared, descriptors = set(os.listdir("/dev/shm")), len(os.listdir("/proc/self/fd"))
    with processes.open_processes(act, 2) as run:
        crew = run([("process",), ("process",)])
        assert set(os.listdir("/dev/shm")) == shared
    assert not any(psutil.pid_exists(process) for process in crew)
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_workers_end_when_their_user_fails() -> None:
    crew = []

    def fail() -> None:
        with processes.open_processes(act, 1) as run:
            crew.extend(run([("process",)]))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not psutil.pid_exists(crew[0])


def test_workers_end_when_a_later_one_can_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    class Scarce(processes.Worker):
        def __init__(self, *facts: Any) -> None:
            if started:
                raise BlockingIOError("no more processes")
            super().__init__(*facts)
            started.append(self.process.pid)

    monkeypatch.setattr(processes, "Worker", Scarce)
    with pytest.raises(BlockingIOError), processes.open_processes(act, 2):
        pass
    assert not psutil.pid_exists(started[0])


LOADED = """
import numpy as np
import labkit as lk

def helper(image):
    return image.sum(1)

@lk.stage(
    reference="plain",
    workloads=[],
    split=lk.Split("rows", lambda n, image: [(b,) for b in np.array_split(image, n)], lambda p, image: np.concatenate(p)),
)
def sums(image):
    "Sums of rows."

@lk.variant("sums", kind="numpy", partial=lambda image: helper(image))
def plain(image):
    return helper(image)
"""


def test_functions_of_a_loaded_file_reach_the_workers(tmp_path: Path, own_registry: Registry) -> None:
    file = tmp_path / "my stages.py"
    file.write_text(LOADED)
    lk.load(file)
    image = np.arange(20).reshape(4, 5)
    with open_arm("sums", ArmName("plain", "processes"), 2) as call:
        assert np.array_equal(call(image), image.sum(1))


SCRIPT = """
import os, sys, time
from labkit.engines import processes

def act(order):
    if order == "die":
        os.kill(os.getpid(), 9)
    return os.getpid()

if __name__ == "__main__":
    processes.start_method = {method!r}
    with processes.open_processes(act, 2) as run:
        try:
            run([("die",), ("process",)])
        except RuntimeError as error:
            print(error, flush=True)
    with processes.open_processes(act, 2) as run:
        print(*run([("process",), ("process",)]), flush=True)
        time.sleep(600)
"""


@pytest.mark.parametrize("method", ["fork", "forkserver"])
def test_workers_die_with_a_process_that_is_killed(tmp_path: Path, method: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(method=method))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, script], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "a worker process died (SIGKILL)\n"
            crew = [psutil.Process(int(word)) for word in process.stdout.readline().split()]
        finally:
            process.kill()
        _, alive = psutil.wait_procs(crew, timeout=30)
    assert len(crew) == 2
    assert alive == []
