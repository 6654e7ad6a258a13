import math
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from labkit.measure import limit
from labkit.measure.executor import ClockExecutor


@pytest.mark.parametrize("native", [True, False], ids=["OpenMP", "threads"])
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("floor_bytes", [0, 1, 2, 9_999, 4_000_001])
def test_the_limit_copies_half_of_the_floor_whatever_it_is_called_with(monkeypatch, native, threads, floor_bytes):
    if not native:
        monkeypatch.setattr(limit, "stream_copy", None)
    arrays = []
    monkeypatch.setattr(limit.np, "ones", lambda size, dtype: arrays.append(np.full(size, 7, dtype)) or arrays[0])
    monkeypatch.setattr(limit.np, "zeros", lambda size, dtype: arrays.append(np.full(size, 0, dtype)) or arrays[1])
    with limit.open_limit(floor_bytes, threads) as copy:
        copy("any", "input")
    source, target = arrays
    assert source.size == max(1, floor_bytes // 2)
    assert (target == source).all()


@pytest.mark.parametrize(("waking_s", "threads", "chosen"), [(20.0, 8, 1), (0.0, 8, 8), (0.0, 6, 6), (4.0, 8, 4)])
def test_as_many_threads_copy_as_copy_soonest(monkeypatch, waking_s, threads, chosen):
    now, counts = [0.0], []

    def copy(target, source, count):
        counts.append(count)
        now[0] += 20 / count + waking_s * math.log2(count)

    monkeypatch.setattr(limit, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    monkeypatch.setattr(limit, "stream_copy", SimpleNamespace(copy=copy))
    with limit.open_limit(1 << 20, threads) as arm:
        assert {1, 2, 4} <= set(counts) <= set(range(threads + 1))
        arm("any", "input")
    assert counts[-1] == chosen


def test_large_copies_take_all_threads_untried(monkeypatch):
    counts = []
    monkeypatch.setattr(limit, "stream_copy", SimpleNamespace(copy=lambda target, source, count: counts.append(count)))
    with limit.open_limit(40 << 20, 3) as arm:
        assert not counts
        arm()
    assert counts == [3]


def test_a_copy_that_is_not_timed_brings_its_bytes_into_the_caches_before_each_sample():
    calls = Counter()
    arms = {"work": lambda: calls.update(["work"]), limit.LIMIT: lambda: calls.update([limit.LIMIT])}
    executor = ClockExecutor(arms, (), lambda number: None)
    for arm in arms:
        executor.time(arm, 3)
    assert calls == {"work": 3, limit.LIMIT: 4}
