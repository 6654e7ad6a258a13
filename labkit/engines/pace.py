"""How many short tasks go to a worker at a time.

Waking a process or thread that waits takes some 40 µs of the one that wakes it: as much as a small image's work. So where
nobody says how many tasks to hand over, a batch is as many as take about a millisecond; one, where one takes as long.
"""

from __future__ import annotations

import time

BATCH_S = 1e-3
MOST = 32
SETTLED_BATCHES = 4  # of each worker, before the pace may change


class Pace:
    """The number of tasks in a batch, as learnt from the tasks answered so far. It lives as long as its engine."""

    def __init__(self, workers: int) -> None:
        self.chunk = 1
        self._workers = workers
        self._answered, self._since = 0, 0.0

    def begin(self) -> None:
        """A stream begins: the time between streams counts for nothing."""
        self._answered, self._since = 0, time.perf_counter()

    def answered(self, tasks: int) -> None:
        """So many tasks were answered: at most twice as many go into a batch from now on, or as few as it takes."""
        self._answered += tasks
        if self._answered < SETTLED_BATCHES * self._workers * self.chunk:
            return
        each_s = (time.perf_counter() - self._since) * self._workers / self._answered
        self.chunk = max(1, min(MOST, 2 * self.chunk, round(BATCH_S / max(each_s, 1e-9))))
        self.begin()
