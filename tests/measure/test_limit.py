import numpy as np
import pytest

from labkit.measure import limit


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
