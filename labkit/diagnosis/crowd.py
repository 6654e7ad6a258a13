"""How many threads run or want to, at once: also of threads and workers that come and go within a call."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from threadpoolctl import threadpool_info

from labkit.processes.tasks import scheduled

EVERY_S = 0.002
NAMES = {"openblas": "OpenBLAS", "mkl": "MKL", "blis": "BLIS", "openmp": "OpenMP"}


@dataclass
class Crowd:
    """CPUs that all threads but the watching one used or waited for, on average."""

    wanted: float = 0.0


@contextmanager
def crowd() -> Iterator[Crowd]:
    """Watch the threads of this process and its children until the context ends; the answer is there then."""
    found = Crowd()
    first = scheduled()
    last = dict(first)
    over = threading.Event()

    def watch() -> None:
        while not over.wait(EVERY_S):
            last.update(scheduled())

    watcher = threading.Thread(target=watch, name="labkit doctor", daemon=True)
    start = time.perf_counter_ns()
    watcher.start()
    try:
        yield found
    finally:
        wall = time.perf_counter_ns() - start
        own = str(watcher.native_id)
        last.update(scheduled())
        over.set()
        watcher.join()
        took = (sum(now) - sum(first.get(task, (0, 0))) for task, now in last.items() if task != own)
        found.wanted = sum(took) / wall


def told_threads() -> str:
    """How many threads each library of this process may use, for people: ``cv2 2, OpenMP 2``."""
    found = {}
    if "cv2" in sys.modules:
        found["cv2"] = sys.modules["cv2"].getNumThreads()
    for pool in threadpool_info():
        name = NAMES.get(pool["internal_api"], str(pool["user_api"]))
        found[name] = max(found.get(name, 0), pool["num_threads"])
    return ", ".join(f"{name} {count}" for name, count in found.items())
