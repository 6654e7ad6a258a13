"""Is Python's lock released during a call? No clock decides.

The main thread would be asked to hand the lock over every 5 ms; with a switch interval of 1000 s it does so only of its own
accord, that is, where the code under test releases it. So a counter in another thread moves during a call if, and only if, the
call releases the lock.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable


def others_run_during(call: Callable[[], object], tries: int = 20) -> bool:
    """Does another Python thread get on while the call runs? On a crowded machine it may get no CPU during one call."""
    return any(_once(call) for _ in range(tries))


def _once(call: Callable[[], object]) -> bool:
    count, done, started = 0, False, threading.Event()

    def work() -> None:
        nonlocal count
        while not done:
            count += 1
            time.sleep(0)  # releases the lock, so that the main thread gets it back
            started.set()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)  # before the other thread waits for the lock: a wait keeps the interval it began with
    worker = threading.Thread(target=work, daemon=True)
    try:
        worker.start()
        started.wait()
        before = count
        call()
        after = count
    finally:
        done = True
        sys.setswitchinterval(interval)
    worker.join()
    return after > before
