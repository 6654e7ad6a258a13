"""What a call may leave changed, each in a forked child: the tests' own process stays as it is."""

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
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from labkit.core.process_state import changes, process_state


def told_by(change: Callable[[], object]) -> tuple[str, ...]:
    """What is seen to differ after ``change``."""
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


@pytest.mark.parametrize("name", LEFT)
def test_what_a_call_leaves_changed_is_named(name: str) -> None:
    if name == "CPU affinity" and len(os.sched_getaffinity(0)) == 1:
        pytest.skip("one CPU")
    assert name in told_by(LEFT[name])


def test_a_call_that_puts_everything_back_has_left_nothing() -> None:
    def restores() -> None:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("error")

    assert told_by(restores) == ()


def test_what_an_import_does_to_filters_and_environment_is_its_own_affair() -> None:
    def imported() -> None:
        sys.modules["labkit_tried"] = sys
        warnings.simplefilter("error")
        os.environ["LABKIT_TRIED"] = "1"

    assert told_by(imported) == ()
