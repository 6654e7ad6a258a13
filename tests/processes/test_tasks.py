import threading
import time

import pytest

from labkit.processes import tasks
from labkit.processes.tasks import Quiet, run_times, threads_used


@pytest.fixture(autouse=True)
def no_children(monkeypatch):
    """Other tests' processes are not this one's concern."""
    monkeypatch.setattr(tasks, "_children", list)


def test_an_arm_may_start_at_once_when_all_other_threads_sleep():
    stop = threading.Event()
    sleeper = threading.Thread(target=stop.wait)
    sleeper.start()
    time.sleep(0.01)
    quiet = Quiet()
    quiet.wait()
    stop.set()
    sleeper.join()
    assert quiet.restless == 0


def test_an_arm_waits_for_a_thread_that_spins_and_gives_up_when_it_never_sleeps():
    stop = False

    def hash_on():
        import hashlib

        block = bytes(1 << 24)  # hashing lets go of the interpreter's lock, so that both threads can run
        while not stop:
            hashlib.sha256(block)

    spinner = threading.Thread(target=hash_on)
    spinner.start()
    time.sleep(0.01)
    quiet = Quiet()
    quiet.wait()
    stop = True
    spinner.join()
    assert quiet.restless == 1


def test_threads_that_worked_are_counted_and_sleepers_are_not():
    assert threads_used({"a": 0, "b": 0, "c": 5}, {"a": 100, "b": 90, "c": 6}) == 2
    assert threads_used({"a": 7}, {"a": 7}) is None


def test_this_thread_is_in_the_account():
    before = run_times()
    end = time.perf_counter() + 0.05
    while time.perf_counter() < end:
        pass
    assert threads_used(before, run_times()) >= 1
