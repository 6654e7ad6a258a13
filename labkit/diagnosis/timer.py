"""The clock that measures: its smallest step, and what one reading costs."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns

READINGS = 20_000


def timer_facts(clock: Callable[[], int] = perf_counter_ns) -> dict[str, float]:
    """``step_s``, the smallest difference above 0 of two successive readings, and ``cost_s``, the mean time of a reading.

    ``clock`` gives nanoseconds. A clock that stands still all the time has the whole time as its step.
    """
    times = [clock() for _ in range(READINGS)]
    took = times[-1] - times[0]
    steps = [later - earlier for earlier, later in zip(times, times[1:], strict=False) if later > earlier]
    return {"step_s": 1e-9 * min(steps, default=took), "cost_s": 1e-9 * took / (READINGS - 1)}
