"""What all code of a process shares, beside generators: a call that leaves it changed falsifies whatever is timed after it.

With a trace function that one variant had set, another fell from 2.8 to 1.6 times as fast as their baseline, unsaid.
"""

from __future__ import annotations

import gc
import locale
import os
import resource
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from threadpoolctl import LibController, ThreadpoolController

RESOURCES = [getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")]
SUBNORMAL = np.float32(1e-40)
BY_IMPORTS = ("environment", "warnings filters")  # which many a library changes when it is imported, to nobody's harm


def process_state() -> dict[str, Any]:
    """The state by name, to be compared; what this system or Python does not have is left out."""
    state: dict[str, Any] = {
        "modules": len(sys.modules),
        "trace function": (sys.gettrace(), threading.gettrace()),
        "profile function": (sys.getprofile(), threading.getprofile()),
        "NumPy's error state": (np.geterr(), np.geterrcall()),
        "recursion limit": sys.getrecursionlimit(),
        "switch interval": sys.getswitchinterval(),
        "garbage collector": (gc.isenabled(), gc.get_threshold(), gc.get_debug()),
        "locale": locale.setlocale(locale.LC_ALL),
        "signal handlers": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "resource limits": [resource.getrlimit(each) for each in RESOURCES],
        "blocked signals": signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        "interval timers": [any(signal.getitimer(each)) for each in (signal.ITIMER_REAL, signal.ITIMER_PROF)],
        "environment": dict(os.environ),
        "warnings filters": list(warnings.filters),
        "clocks": (time.perf_counter, time.perf_counter_ns, time.monotonic),
        "subnormal numbers": bool(SUBNORMAL * np.float32(1) == 0),  # a library built with -ffast-math makes them 0
    }
    if monitoring := getattr(sys, "monitoring", None):  # Python 3.12
        state["monitoring tools"] = {
            tool: (name, monitoring.get_events(tool)) for tool in range(6) if (name := monitoring.get_tool(tool))
        }
    try:
        state["working folder"] = os.getcwd()
    except OSError:  # it was removed
        state["working folder"] = None
    if hasattr(os, "sched_getaffinity"):
        state["CPU affinity"] = os.sched_getaffinity(0)
        state["priority"] = os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0)
    for name, read in SWITCHES.items():
        module = name.rpartition(".")[0]
        if module in sys.modules and (value := read(sys.modules[module])) is not None:
            state[name] = value
    for library in _libraries(len(sys.modules)):
        state[f"threads of {library.internal_api} ({library.filepath})"] = library.num_threads
    return state


@lru_cache(maxsize=1)
def _libraries(modules: int) -> list[LibController]:
    """The loaded libraries that keep threads; looked for, which takes 2 ms, when modules were imported since."""
    return list(ThreadpoolController().lib_controllers)


SWITCHES: Mapping[str, Callable[[Any], Any]] = {
    "numba.core.config.DISABLE_JIT": lambda config: config.DISABLE_JIT,
    "numba.np.ufunc.parallel.get_num_threads()": lambda own: own.get_num_threads() if own._is_initialized else None,
    "cv2.getNumThreads()": lambda cv2: cv2.getNumThreads(),
    "cv2.useOptimized()": lambda cv2: cv2.useOptimized(),
    "torch.get_num_threads()": lambda torch: torch.get_num_threads(),
    "torch.get_default_dtype()": lambda torch: torch.get_default_dtype(),
    "torch.is_grad_enabled()": lambda torch: torch.is_grad_enabled(),
}


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """What differs between two states, by name without paths.

    What came with a module is no change: what only one of them has, and where one was imported in between ``BY_IMPORTS``.
    """
    differ = [name for name in before if name in after and before[name] != after[name]]
    if "modules" in differ:
        differ = [name for name in differ if name not in ("modules", *BY_IMPORTS)]
    return tuple(dict.fromkeys(name.partition(" (")[0] for name in differ))
