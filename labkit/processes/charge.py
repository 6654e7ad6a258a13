"""What a child's time limit counts: all of its time, or, once it has said so, only what is charged to the code under test.

So a check that takes long (a million small arrays to be compared) is never told as a variant that hangs.
"""

from __future__ import annotations

import mmap
import time
from collections.abc import Callable
from typing import Any

APART, SPENT, SINCE = range(3)


class Charge:
    """Seconds in memory that a parent and the child forked next share."""

    def __init__(self) -> None:
        self._cells = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("d")
        self._begun = time.perf_counter()

    def seconds(self) -> float:
        """So far."""
        now = time.perf_counter()
        if not self._cells[APART]:
            return now - self._begun
        since = self._cells[SINCE]
        return self._cells[SPENT] + (now - since if since else 0.0)

    def nothing_else(self) -> None:
        """From now on only the time of calls that are charged counts."""
        self._cells[APART] = 1.0

    def to(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call, whose time is charged; from now on that of such calls alone."""
        cells = self._cells
        self.nothing_else()

        def charged(*inputs: Any, **named: Any) -> Any:
            start = cells[SINCE] = time.perf_counter()
            try:
                return call(*inputs, **named)
            finally:
                cells[SINCE] = 0.0
                cells[SPENT] += time.perf_counter() - start

        return charged


current = Charge()  # of the child that this process is; a parent sets it before it forks
