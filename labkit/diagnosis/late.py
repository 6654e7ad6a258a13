"""Does work go on after a call has returned? Then its time was taken too early."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from labkit.core.parts import copied
from labkit.processes.tasks import Quiet, scheduled

TRIES, IDLE_TRIES = 3, 15
SHORTEST_S, LONGEST_S = 0.04, 0.3  # how long to look for what still runs
LEAST_CPU_S = 0.005  # the kernel's account of who ran is kept by its timer's tick
LEAST_WAIT_S = 0.0003
WORTH_TELLING = 0.1  # of the call's time


@dataclass(frozen=True)
class Late:
    """After a call of ``call_s``: CPU seconds that went on, or the seconds that its result had to be waited for."""

    call_s: float
    cpu_s: float
    waited_s: float


def late_work(call: Callable[..., Any], inputs: tuple[Any, ...]) -> Late | None:
    """What goes on after each of three calls, in the one where it was least; None where after one of them nothing did.

    Left out are threads that a library had before the call.
    """
    tries = []
    for _ in range(TRIES):
        tries.append(_after_one(call, inputs))
        if not (_awaited(tries[-1]) or _busy(tries[-1])):
            return None
    least = min(tries, key=lambda one: one.cpu_s + one.waited_s)
    if _awaited(least):
        return least
    idle_s = _idle_share() * _window(least.call_s)
    least = replace(least, cpu_s=least.cpu_s - idle_s if idle_s < least.cpu_s / 2 else 0.0)
    return least if _busy(least) else None


def _awaited(late: Late) -> bool:
    return late.waited_s > max(LEAST_WAIT_S, WORTH_TELLING * late.call_s)


def _busy(late: Late) -> bool:
    return late.cpu_s > max(LEAST_CPU_S, WORTH_TELLING * late.call_s)


def _idle_share() -> float:
    """CPUs that others keep busy when nothing is left to be done: Numba's idle workers look for work without end."""
    shares = []
    for _ in range(IDLE_TRIES):
        before = _cpu_s()
        time.sleep(SHORTEST_S)
        shares.append((_cpu_s() - before) / SHORTEST_S)
    return median(shares)


def _window(call_s: float) -> float:
    return min(LONGEST_S, max(SHORTEST_S, call_s))


def _cpu_s() -> float:
    """CPU seconds so far of all threads but this one, also of those that ended, and of the processes that were started."""
    children = sum(run for run, _ in scheduled(own=False).values())
    return time.process_time() - time.thread_time() + children * 1e-9


def _after_one(call: Callable[..., Any], inputs: tuple[Any, ...]) -> Late:
    used = copied(inputs)
    Quiet().wait()
    kept = _library_threads()
    start = time.perf_counter()
    output = call(*used)
    end = time.perf_counter()
    before, spun = _cpu_s(), scheduled()
    waited = _wait_for(output)
    time.sleep(_window(end - start))
    spinning = sum(run - spun[task][0] for task, (run, _) in scheduled().items() if task in kept and task in spun)
    return Late(end - start, _cpu_s() - before - spinning * 1e-9, waited)


def _library_threads() -> set[str]:
    """Threads of this process that are not Python's. Those of OpenMP and TBB look for work a while before they sleep."""
    try:
        tasks = set(os.listdir("/proc/self/task"))
    except OSError:
        return set()
    return tasks - {str(thread.native_id) for thread in threading.enumerate()}


def _wait_for(output: Any) -> float:
    """Seconds until what was returned is there, and what was queued on a CUDA device is done."""
    start = time.perf_counter()
    for part in output if isinstance(output, list | tuple) else (output,):
        if isinstance(part, Future):
            part.exception()
        elif hasattr(part, "block_until_ready"):  # an array of jax
            part.block_until_ready()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return time.perf_counter() - start
