"""What a call may leave changed, each in a forked child of a process executed afresh."""

import gc
import locale
import os
import pickle
import resource
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, Pipe

import cv2
import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from labkit.core.process_state import changes, process_state


def seen(change: Callable[[], object]) -> tuple[str, ...]:
    """What is seen to differ after ``change``, in a fork of this process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        before = process_state()
        change()
        os.write(writing, pickle.dumps(changes(before, process_state())))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        content = pipe.read()
    os.waitpid(child, 0)
    found: tuple[str, ...] = pickle.loads(content)
    return found


def serve(asked: Connection) -> None:
    """Tell what is seen after each change that is named, until the other side is gone."""
    with suppress(EOFError):
        while True:
            asked.send(seen((LEFT | PUT_BACK)[asked.recv()]))


@pytest.fixture(scope="module")
def told_by() -> Iterator[Callable[[str], tuple[str, ...]]]:
    """Asks a process executed afresh: a fork of one in which tests have used OpenCV's threads waits for them for ever."""
    ours, theirs = Pipe()
    process = get_context("spawn").Process(target=serve, args=(theirs,))
    process.start()
    theirs.close()

    def ask(name: str) -> tuple[str, ...]:
        ours.send(name)
        found: tuple[str, ...] = ours.recv()
        return found

    yield ask
    ours.close()
    process.join()


LEFT = {
    "trace function": lambda: sys.settrace(lambda *event: None),
    "profile function": lambda: threading.setprofile(lambda *event: None),
    "NumPy's error state": lambda: np.seterr(all="ignore"),
    "recursion limit": lambda: sys.setrecursionlimit(5000),
    "switch interval": lambda: sys.setswitchinterval(1.0),
    "garbage collector": lambda: gc.set_threshold(1),
    "locale": lambda: locale.setlocale(locale.LC_ALL, "C.UTF-8" if locale.setlocale(locale.LC_ALL) == "C" else "C"),
    "signal handlers": lambda: signal.signal(signal.SIGUSR1, lambda *event: None),
    "resource limits": lambda: resource.setrlimit(
        resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    ),
    "blocked signals": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2}),
    "interval timers": lambda: signal.setitimer(signal.ITIMER_PROF, 1000.0, 1000.0),
    "environment": lambda: os.environ.update(LABKIT_TRIED="1"),
    "warnings filters": lambda: warnings.simplefilter("error"),
    "clocks": lambda: setattr(time, "perf_counter_ns", lambda: 0),
    "working folder": lambda: os.chdir(tempfile.gettempdir()),
    "CPU affinity": lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}),
    "priority": lambda: os.nice(1),
    "cv2.getNumThreads()": lambda: cv2.setNumThreads(1 + (cv2.getNumThreads() == 1)),
    "cv2.useOptimized()": lambda: cv2.setUseOptimized(not cv2.useOptimized()),
    "threads of openblas": lambda: threadpool_limits(1 + (threadpool_info()[0]["num_threads"] == 1)),
}
if sys.version_info >= (3, 12):
    LEFT["monitoring tools"] = lambda: sys.monitoring.use_tool_id(4, "tried")


def restores() -> None:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")


def imported() -> None:
    sys.modules["labkit_tried"] = sys
    warnings.simplefilter("error")
    os.environ["LABKIT_TRIED"] = "1"


PUT_BACK = {
    "what a call puts back": restores,
    "what an import does to filters and environment": imported,
}


@pytest.mark.parametrize("name", LEFT)
def test_what_a_call_leaves_changed_is_named(told_by: Callable[[str], tuple[str, ...]], name: str) -> None:
    if name == "CPU affinity" and len(os.sched_getaffinity(0)) == 1:
        pytest.skip("one CPU")
    assert name in told_by(name)


@pytest.mark.parametrize("name", PUT_BACK)
def test_nothing_is_said_of(told_by: Callable[[str], tuple[str, ...]], name: str) -> None:
    assert told_by(name) == ()
