import math
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from labkit.measure import limit
from labkit.measure.conclude import tell_what_cannot_be
from labkit.measure.executor import ClockExecutor
from labkit.measure.result import Row, Samples, Table


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
        source, target = arrays
        target[:] = 0
        copy("any", "input")
    assert (source == 7).all()
    assert (target == 7).sum() == max(1, floor_bytes // 2)


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


@pytest.mark.parametrize("floor_bytes", [1 << 17, 40 << 20])
@pytest.mark.parametrize("quickest", [(0, 0), (0, 2048), (64, 64)])
def test_the_copy_has_the_quickest_of_several_placements(monkeypatch, floor_bytes, quickest):
    now, last = [0.0], []

    def copy(target, source, count):
        last[:] = [array.ctypes.data % 4096 for array in (source, target)]
        now[0] += 1.0 if tuple(last) == quickest else 15.0

    monkeypatch.setattr(limit, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    monkeypatch.setattr(limit, "stream_copy", SimpleNamespace(copy=copy))
    with limit.open_limit(floor_bytes, 1) as arm:
        arm("any", "input")
    assert tuple(last) == quickest


@pytest.mark.parametrize(("low", "high", "told"), [(0.5, 0.97, True), (0.9, 1.1, False), (None, None, False)])
def test_a_row_below_the_limit_with_its_whole_interval_is_told_as_what_it_is(low, high, told):
    row = Row("stage", "load", "arm", "numpy", limit_ratio=0.95, limit_low=low, limit_high=high)
    tell_what_cannot_be(Table("stage", "load", "arm", [row], Samples(("arm",))))
    assert row.note == ("below the limit with its whole interval: a wrong limit or a wrong variant" if told else None)
    assert row.limit_ratio == 0.95


def test_large_copies_take_all_threads_untried(monkeypatch):
    counts = []
    monkeypatch.setattr(limit, "stream_copy", SimpleNamespace(copy=lambda target, source, count: counts.append(count)))
    with limit.open_limit(40 << 20, 3) as arm:
        arm()
    assert set(counts) == {3}


def test_a_copy_that_is_not_timed_brings_its_bytes_into_the_caches_before_each_sample():
    calls = Counter()
    arms = {"work": lambda: calls.update(["work"]), limit.LIMIT: lambda: calls.update([limit.LIMIT])}
    executor = ClockExecutor(arms, (), lambda number: None)
    for arm in arms:
        executor.time(arm, 3)
    assert calls == {"work": 3, limit.LIMIT: 4}
