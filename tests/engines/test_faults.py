"""Faults: a worker that dies, hangs, runs out of memory; whatever happens, the run finishes, loses only the guilty task,
and leaves nothing behind."""

import multiprocessing.pool
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import psutil
import pytest

from labkit.core.errors import UsageError
from labkit.engines import crew, open_engine
from tests.engines import tasks
from tests.engines.tasks import LOCAL_ENGINES, PROCESS_ENGINES, act, left, shared_files

cloudpickle.register_pickle_by_value(tasks)
POOLS_AND_CREW = ("processes", "pool_imap", "shared_memory")


def run(name: str, given: list[Any], workers: int = 2, **more: Any) -> dict[int, Any]:
    with open_engine(name, act, workers, **more) as engine:
        return {outcome.index: outcome for outcome in engine.stream(given)}


@pytest.mark.parametrize("name", PROCESS_ENGINES)
@pytest.mark.parametrize(("order", "ending"), [("die", "SIGKILL"), ("exit", "exit status 3")])
def test_a_task_that_kills_its_worker_is_reported_and_no_other_is_lost(name: str, order: str, ending: str) -> None:
    found = run(name, [("echo", n) if n != 7 else (order,) for n in range(30)])
    assert sorted(found) == list(range(30))
    assert {n: found[n].error for n in found if found[n].error} == {
        7: f"WorkerDied: its worker process died ({ending})"
    }
    assert all(found[n].value == (n,) for n in range(30) if n != 7)


@pytest.mark.parametrize("name", PROCESS_ENGINES)
def test_a_task_whose_worker_was_killed_once_is_done_again(name: str, tmp_path: Path) -> None:
    found = run(name, [("die once", str(tmp_path / "died"))] + [("echo", n) for n in range(10)])
    assert [outcome.error for outcome in found.values()] == [None] * 11


def kill_one(before: set[int]) -> None:
    """Kill a child that was not there before; one that is listed may have ended already."""
    for child in sorted(left()[1] - before, reverse=True):
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue
        return
    raise AssertionError("there is no worker")


@pytest.mark.parametrize("name", POOLS_AND_CREW)
def test_workers_killed_from_outside_in_mid_run_lose_no_image(name: str) -> None:
    images = [np.full((200, 200, 3), n, np.uint8) for n in range(60)]
    before = left()[1]
    seen = {}
    with open_engine(name, act, 2) as engine:
        for outcome in engine.stream([("negative", image) for image in images]):
            seen[outcome.index] = outcome
            if len(seen) in (5, 30):
                kill_one(before)
    assert {outcome.error for outcome in seen.values()} == {None}
    assert all(np.array_equal(seen[n].value, 255 - images[n]) for n in range(60))


@pytest.mark.parametrize("name", PROCESS_ENGINES)
def test_a_task_that_hangs_is_given_up_and_no_other_is_lost(name: str) -> None:
    found = run(name, [("hang",)] + [("echo", n) for n in range(20)], time_limit_s=0.5)
    assert found[0].error == "TimeLimit: took longer than 0.5 s"
    assert [found[n].value for n in range(1, 21)] == [(n,) for n in range(20)]


@pytest.mark.parametrize("name", ["serial", "threads"])
def test_a_time_limit_that_could_have_no_effect_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"engine {name} can't end a task; take one of processes"):
        open_engine(name, act, 1, time_limit_s=1)


@pytest.mark.parametrize("name", PROCESS_ENGINES)
def test_a_task_that_takes_all_memory_is_an_error_of_its_own(name: str) -> None:
    found = run(name, [("hoard",), ("echo", 1), ("echo", 2)])
    assert "MemoryError" in found[0].error
    assert (found[1].value, found[2].value) == ((1,), (2,))


@pytest.mark.parametrize("name", LOCAL_ENGINES)
def test_nothing_is_left_when_all_is_done(name: str) -> None:
    list(open_engine_and_stream(name, [("echo", 1)]))  # what multiprocessing and Numba make once for the whole process
    before = left()
    list(open_engine_and_stream(name, [("echo", np.zeros(10_000)), ("process",), ("error", "x")]))
    assert left() == before


@pytest.mark.parametrize("name", POOLS_AND_CREW)
def test_nothing_is_left_after_deaths_and_a_hang(name: str) -> None:
    open_engine(name, act, 1).close()
    before = left()
    given = [("die",), ("hang",)] + [("echo", np.zeros(100_000))] * 5
    list(open_engine_and_stream(name, given, time_limit_s=0.5))
    assert left() == before


@pytest.mark.parametrize("name", LOCAL_ENGINES)
def test_a_consumer_that_fails_leaves_nothing_and_does_not_wait(name: str) -> None:
    list(open_engine_and_stream(name, [("echo", 1)]))
    before = left()
    start = time.monotonic()

    def fail() -> None:
        with open_engine(name, act, 2) as engine:
            for _ in engine.stream([("echo", 1), ("sleep", 0.6 if name in ("serial", "threads") else 60)] * 3):
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert time.monotonic() - start < 30  # far less than the tasks would take
    time.sleep(0.7 if name == "threads" else 0)
    assert left() == before


def open_engine_and_stream(name: str, given: list[Any], **more: Any) -> Any:
    with open_engine(name, act, 2, **more) as engine:
        yield from (outcome.index for outcome in engine.stream(given))


@pytest.mark.parametrize("name", POOLS_AND_CREW)
def test_after_a_stream_was_left_the_next_one_has_all_its_workers(name: str) -> None:
    with open_engine(name, act, 2) as engine:
        stream = engine.stream([("echo", 1), ("sleep", 60), ("sleep", 60)])
        next(stream)
        stream.close()  # type: ignore[attr-defined]
        given = [("echo", n) for n in range(10)]
        assert [outcome.value for outcome in engine.stream(given, ordered=True)] == [(n,) for n in range(10)]


@pytest.mark.parametrize("name", POOLS_AND_CREW)
def test_workers_that_die_while_they_start_are_an_error_and_no_hang(name: str) -> None:
    with pytest.raises(RuntimeError, match=f"engine {name}: its workers die while they start"):
        open_engine(name, act, 1, once=lambda: os._exit(4))


def test_a_worker_that_died_before_the_pool_was_looked_at_is_an_error_and_no_hang(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = multiprocessing.pool.Pool.__init__

    def looked_at_late(pool: Any, *facts: Any, **more: Any) -> None:
        made(pool, *facts, **more)
        while pool._pool:  # until the dead worker is taken out: for a moment the pool has none
            time.sleep(0)

    monkeypatch.setattr(multiprocessing.pool.Pool, "__init__", looked_at_late)
    with pytest.raises(RuntimeError, match="engine pool_imap: its workers die while they start"):
        open_engine("pool_imap", act, 1, once=lambda: os._exit(4))


def test_workers_end_when_a_later_one_can_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    class Scarce(crew.Worker):
        def __init__(self, *facts: Any) -> None:
            if started:
                raise BlockingIOError("no more processes")
            super().__init__(*facts)
            started.append(self.pid)

    monkeypatch.setattr(crew, "Worker", Scarce)
    with pytest.raises(BlockingIOError):
        open_engine("shared_memory", act, 2)
    assert not psutil.pid_exists(started[0])


def test_threads_left_behind_do_not_keep_the_results_of_another_stream() -> None:
    with open_engine("threads", act, 2) as engine:
        stream = engine.stream([("echo", 1), ("sleep", 0.5)])
        next(stream)
        stream.close()  # type: ignore[attr-defined]
        assert [outcome.value for outcome in engine.stream([("echo", n) for n in range(5)], True)] == [
            (n,) for n in range(5)
        ]
    assert threading.active_count() >= 1


SCRIPT = """
import os, sys, time
from labkit.engines import open_engine, starting

def act(order):
    time.sleep(600 if order == "sleep" else 0)
    return os.getpid()

if __name__ == "__main__":
    starting.start_method = sys.argv[2]
    with open_engine(sys.argv[1], act, 2) as engine:
        for outcome in engine.stream([("process",)] + [("sleep",)] * 9):
            print("first", flush=True)
"""


@pytest.fixture
def script(tmp_path: Path) -> Any:
    """A program that streams tasks which take for ever; gives its process once the first is done, and its children."""
    (tmp_path / "script.py").write_text(SCRIPT)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    started = []

    def start(name: str, method: str) -> tuple[Any, list[psutil.Process]]:
        words = [sys.executable, str(tmp_path / "script.py"), name, method]
        process = subprocess.Popen(
            words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "first\n"
        return process, psutil.Process(process.pid).children(recursive=True)

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("name", ["threads", *POOLS_AND_CREW])
def test_ctrl_c_ends_all_at_once(script: Any, name: str) -> None:
    process, children = script(name, "forkserver")
    shared = [file for file in shared_files(process.pid) if file.startswith("/dev/shm/")]
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: everyone in the group hears it
    _, error = process.communicate(timeout=30)
    assert error.strip().splitlines()[-1] == "KeyboardInterrupt"
    assert psutil.wait_procs(children, timeout=30)[1] == []
    assert not any(os.path.exists(file) for file in shared)


@pytest.mark.parametrize("method", ["fork", "forkserver"])
@pytest.mark.parametrize("name", POOLS_AND_CREW)
def test_workers_end_with_a_process_that_is_killed(script: Any, name: str, method: str) -> None:
    process, children = script(name, method)
    process.kill()
    assert len(children) >= 2
    assert psutil.wait_procs(children, timeout=30)[1] == []


def test_the_fork_server_is_deaf_to_ctrl_c_from_its_start(tmp_path: Path) -> None:
    """It ignores the signal only once it has imported what it preloads, for a second or so: the mask holds until then."""
    code = (
        "from multiprocessing import forkserver\n"
        "from labkit.engines import starting\n"
        "if __name__ == '__main__':\n"
        "    starting.context()\n"
        "    status = open(f'/proc/{forkserver._forkserver._forkserver_pid}/status').read()\n"
        "    print([line.split()[1] for line in status.splitlines() if line.startswith('SigBlk')][0])\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    said = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=True)
    assert int(said.stdout, 16) & 1 << (signal.SIGINT - 1)
