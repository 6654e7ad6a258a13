"""Freed arrays are used again inside of engines, and nothing is kept when none is open."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from labkit.engines import open_engine

recycling = pytest.importorskip("labkit.engines.recycling", reason="the extension was not built")
LARGE = 3 << 20


@pytest.fixture
def recycled() -> Iterator[None]:
    before = recycling.bytes_kept()
    recycling.hold()
    recycling.use(True)
    yield
    recycling.use(False)
    recycling.release()
    assert recycling.bytes_kept() <= before


def place(array: np.ndarray) -> int:
    return int(array.ctypes.data)


@pytest.mark.usefixtures("recycled")
def test_an_array_takes_the_memory_of_one_that_was_freed() -> None:
    first = np.empty(LARGE, np.uint8)
    at = place(first)
    del first
    assert recycling.bytes_kept() >= LARGE
    assert place(np.empty((1024, 1024, 3), np.uint8)) == at


@pytest.mark.usefixtures("recycled")
def test_zeros_are_zero_although_memory_is_used_again() -> None:
    dirty = np.full(LARGE, 255, np.uint8)
    del dirty
    assert not np.zeros(LARGE, np.uint8).any()


@pytest.mark.usefixtures("recycled")
def test_an_array_grows_and_shrinks_and_keeps_its_values() -> None:
    values = np.arange(100_000, dtype=np.int64)
    values.resize(400_000, refcheck=False)
    assert values[:100_000].tolist() == list(range(100_000))
    values.resize(50_000, refcheck=False)
    del values
    again = np.empty(50_000, np.int64)
    again[:] = 7
    assert (again == 7).all()


@pytest.mark.usefixtures("recycled")
def test_no_more_is_kept_than_256_mib_and_the_oldest_goes_first() -> None:
    images = [np.empty(6 << 20, np.uint8) for _ in range(60)]
    last = place(images[-1])
    while images:
        images.pop(0)
    assert 240 << 20 <= recycling.bytes_kept() <= 256 << 20
    assert place(np.empty(6 << 20, np.uint8)) == last


@pytest.mark.usefixtures("recycled")
def test_many_sizes_and_threads_at_once_never_share_a_block() -> None:
    faults: list[str] = []

    def work(number: int) -> None:
        recycling.use(True)
        random = np.random.default_rng(number)
        mine: list[np.ndarray] = []
        for _ in range(400):
            array = np.empty(int(random.integers(60_000, 400_000)), np.uint8)
            array[:] = number
            mine.append(array)
            if len(mine) > 5:
                gone = mine.pop(int(random.integers(5)))
                if not (gone == number).all():
                    faults.append(f"thread {number} found another's values")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


def make(size: int) -> np.ndarray:
    return np.full(size, 3, np.uint8)


@pytest.mark.parametrize("name", ["serial", "threads"])
def test_an_engine_recycles_while_it_is_open_and_its_results_outlive_it(name: str) -> None:
    with open_engine(name, make, 1) as engine:
        kept = [outcome.value for outcome in engine.stream([(LARGE,), (LARGE,)], ordered=True)]
        places = {place(array) for array in kept}
        spare = kept.pop()
        del spare
        assert recycling.bytes_kept() >= LARGE
        (again,) = [outcome.value for outcome in engine.stream([(LARGE,)])]
        assert place(again) in places
    assert recycling.bytes_kept() == 0
    assert (kept[0] == 3).all()
    kept.clear()
    assert recycling.bytes_kept() == 0


def test_what_the_caller_makes_is_left_alone() -> None:
    with open_engine("threads", make, 2) as engine:
        list(engine.stream([(LARGE,)] * 4))
        before = recycling.bytes_kept()
        mine = np.empty(LARGE, np.uint8)
        del mine
        assert recycling.bytes_kept() == before


WITHOUT = """
import sys
sys.modules["labkit.engines.recycling"] = None
from labkit.engines import open_engine
with open_engine("threads", int, 2) as engine:
    print(sorted(outcome.value for outcome in engine.stream([("1",), ("2",)])))
"""


def test_engines_work_without_the_extension(capfd: pytest.CaptureFixture[str]) -> None:
    subprocess.run([sys.executable, "-c", WITHOUT], check=True)
    assert capfd.readouterr().out == "[1, 2]\n"
