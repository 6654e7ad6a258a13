"""Does work go on after a call has returned? Then its time was taken too early."""

from __future__ import annotations

import copy
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from labkit.measure.tasks import Quiet, scheduled

TRIES = 3
SHORTEST_S, LONGEST_S = 0.03, 0.3  # how long to look for what still runs
LEAST_CPU_S = 0.003  # the kernel's account of who ran is kept by its timer's tick
LEAST_WAIT_S = 0.0003
WORTH_TELLING = 0.1  # of the call's time


@dataclass(frozen=True)
class Late:
    """After a call of ``call_s``: CPU seconds that went on, or the seconds that its result had to be waited for."""

    call_s: float
    cpu_s: float
    waited_s: float


def late_work(call: Callable[..., Any], inputs: tuple[Any, ...]) -> Late | None:
    """What goes on after each of three calls, in the one where it was least; None where nothing worth telling does."""
    tries = [_after_one(call, inputs) for _ in range(TRIES)]
    least = min(tries, key=lambda one: one.cpu_s + one.waited_s)
    worth = max(LEAST_CPU_S, WORTH_TELLING * least.call_s)
    waited = least.waited_s > max(LEAST_WAIT_S, WORTH_TELLING * least.call_s)
    return least if least.cpu_s > worth or waited else None


def _after_one(call: Callable[..., Any], inputs: tuple[Any, ...]) -> Late:
    used = copy.deepcopy(inputs)
    Quiet().wait()
    start = time.perf_counter()
    output = call(*used)
    end = time.perf_counter()
    before, own_before = scheduled(own=False), time.process_time() - time.thread_time()
    waited = _wait_for(output)
    time.sleep(min(LONGEST_S, max(SHORTEST_S, end - start)))
    own = time.process_time() - time.thread_time() - own_before  # of all threads but this one, also of those that ended
    children = sum(run - before.get(task, (0, 0))[0] for task, (run, _) in scheduled(own=False).items())
    return Late(end - start, own + children * 1e-9, waited)


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
