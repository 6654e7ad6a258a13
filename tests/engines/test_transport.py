"""The transport: whatever is written into shared memory is read out equal, however it lies in memory."""

import os
import random
from typing import Any, NamedTuple

import numpy as np
import pytest

from labkit.core.agreement import Exact
from labkit.engines.transport import ALIGNMENT, SharedBlock


class Answer(NamedTuple):
    colors: Any
    panel: Any


IMAGE = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
FROZEN = IMAGE.copy()
FROZEN.flags.writeable = False
FEW = np.array([1.5, -2.0, float("nan")])


@pytest.fixture
def block() -> Any:
    made = SharedBlock()
    yield made
    made.close()


@pytest.mark.parametrize("copy", [True, False])
@pytest.mark.parametrize(
    "value",
    [
        pytest.param(IMAGE, id="array"),
        pytest.param(Answer(IMAGE, [FEW, {"a": IMAGE, "b": (None, "텍스트")}]), id="nested"),
        pytest.param(np.empty((0, 3), np.float32), id="empty"),
        pytest.param((np.empty(0), IMAGE, np.empty((2, 0))), id="empty among others"),
        pytest.param(IMAGE[:, ::2], id="not contiguous"),
        pytest.param(IMAGE.transpose(2, 0, 1), id="transposed"),
        pytest.param(np.asfortranarray(IMAGE), id="Fortran order"),
        pytest.param(IMAGE[::-1], id="reversed"),
        pytest.param(FROZEN, id="read-only"),
        pytest.param(np.broadcast_to(FEW, (4, 3)), id="broadcast"),
        pytest.param(np.float32(1.5) * np.ones(()), id="no dimension"),
        pytest.param(np.array(["a", "나"]), id="text"),
        pytest.param(np.array([1, "a", None], object), id="objects"),
        pytest.param(np.array(["2026-11-20"], "M8[D]"), id="dates"),
        pytest.param(np.zeros(2, [("x", "i4"), ("y", "f8")]), id="records"),
        pytest.param([IMAGE, IMAGE, IMAGE[:1]], id="one array thrice"),
        pytest.param(b"\x00" * 1000, id="bytes"),
        pytest.param(None, id="nothing"),
    ],
)
def test_what_is_written_is_read_equal(block: SharedBlock, value: Any, copy: bool) -> None:
    assert Exact().difference(block.read(block.write(value), copy=copy), value) is None


def test_random_sizes_one_after_another_are_read_equal(block: SharedBlock) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    for _ in range(60):
        sizes = rng.integers(0, 40_000, rng.integers(0, 5))
        value = [rng.integers(0, 256, size, np.uint8) for size in sizes]
        assert Exact().difference(block.read(block.write(value), copy=bool(rng.integers(2))), value) is None


def test_a_copy_outlives_the_next_message(block: SharedBlock) -> None:
    kept = block.read(block.write(IMAGE), copy=True)
    block.write(255 - IMAGE)
    assert np.array_equal(kept, IMAGE)
    assert kept.flags.writeable


def test_without_a_copy_the_array_lies_in_the_block(block: SharedBlock) -> None:
    view = block.read(block.write(IMAGE), copy=False)
    block.write(255 - IMAGE)
    assert np.array_equal(view, 255 - IMAGE)


def test_a_view_outlives_a_block_that_grew(block: SharedBlock) -> None:
    view = block.read(block.write(IMAGE), copy=False)
    big = np.full(10**6, 7, np.uint8)
    assert np.array_equal(block.read(block.write(big), copy=True), big)
    assert view.shape == IMAGE.shape


def test_each_array_begins_on_a_cache_line(block: SharedBlock) -> None:
    value = [np.ones(n, np.uint8) for n in (1, 63, 64, 65)]
    read = block.read(block.write(value), copy=False)
    assert {array.ctypes.data % ALIGNMENT for array in read} == {0}


def test_closing_gives_the_descriptor_back_and_may_be_done_twice() -> None:
    before = len(os.listdir("/proc/self/fd"))
    block = SharedBlock()
    block.write(IMAGE)
    block.close()
    block.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_without_anonymous_memory_files_an_unnamed_file_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    block = SharedBlock()
    assert np.array_equal(block.read(block.write(IMAGE), copy=True), IMAGE)
    assert list(tmp_path.iterdir()) == []
    block.close()
