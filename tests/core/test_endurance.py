"""Many calls on one small input catch what is wrong now and then; memory that can't be written catches who writes there."""

from __future__ import annotations

import faulthandler
import itertools
import os
import pickle
import signal
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from labkit.core.agreement import Exact
from labkit.core.endurance import CALLS, endurance_fault
from labkit.core.exam import Exam
from labkit.core.fault import Fault
from labkit.core.protected import protected

IMAGE = np.arange(96, dtype=np.uint8).reshape(8, 12)
EXAM = Exam((IMAGE, 2), 255 - IMAGE)


def right(image: np.ndarray, n: int) -> np.ndarray:
    return 255 - image


def wrong_on(is_wrong: Callable[[int], bool]) -> Callable[..., np.ndarray]:
    count = itertools.count(1)
    return lambda image, n: right(image, n) ^ np.uint8(is_wrong(next(count)))


def in_a_ring_of(size: int) -> Callable[..., np.ndarray]:
    ring, count = [np.empty_like(IMAGE) for _ in range(size)], itertools.count()
    return lambda image, n: np.subtract(255, image, out=ring[next(count) % size])


@pytest.mark.parametrize(
    ("call", "said", "key"),
    [
        (
            wrong_on(lambda call: call % 200 == 0),
            "answers differently on call 200: output: differs in 96 of 96",
            "differs",
        ),
        (wrong_on(lambda call: call > 500), "answers differently on call 501", "differs"),
        (in_a_ring_of(2), "output of call 3 lies in the memory of the first call's", "memoised"),
        (in_a_ring_of(37), "output of call 38 lies in the memory of the first call's", "memoised"),
    ],
)
def test_what_is_wrong_now_and_then_is_caught(call: Callable[..., Any], said: str, key: str) -> None:
    found = endurance_fault(call, EXAM, Exact())
    assert found is not None
    assert found.startswith("on a small input: ")
    assert said in found
    assert found.key == key


def test_a_right_one_is_called_often_or_as_often_as_time_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    count = itertools.count()
    assert endurance_fault(lambda image, n: (next(count), right(image, n))[1], EXAM, Exact()) is None
    assert next(count) <= CALLS
    monkeypatch.setattr("labkit.core.endurance.CALLING_S", 0.0)
    few = itertools.count()
    assert endurance_fault(lambda image, n: (next(few), right(image, n))[1], EXAM, Exact()) is None
    assert next(few) == 2


def test_a_fault_keeps_its_key_between_processes() -> None:
    again = pickle.loads(pickle.dumps(Fault("a view", "lazy_view")))
    assert (again, again.key) == ("a view", "lazy_view")


def inverts_and_restores(image: np.ndarray, n: int) -> np.ndarray:
    np.invert(image, out=image)
    output = image.copy()
    np.invert(image, out=image)
    return output


def ending(call: Callable[..., Any], inputs: tuple[Any, ...]) -> int:
    """How a forked process ends in which a call is made on protected inputs: 0, or the signal."""
    child = os.fork()
    if child == 0:
        faulthandler.disable()
        with protected(inputs) as there:
            call(*there)
        os._exit(0)
    return os.WTERMSIG(os.waitpid(child, 0)[1])


def test_who_writes_into_an_input_and_restores_it_is_ended() -> None:
    assert ending(inverts_and_restores, (IMAGE.copy(), 2)) == signal.SIGSEGV
    assert ending(lambda images: inverts_and_restores(images["b"][0], 2), ({"b": [IMAGE.copy()]},)) == signal.SIGSEGV


@pytest.mark.parametrize(
    "image", [IMAGE, np.asfortranarray(IMAGE), IMAGE[:0], IMAGE.astype(np.float32), np.array("text")]
)
def test_who_reads_them_finds_arrays_as_ever(image: np.ndarray) -> None:
    with protected((image, [image], "text")) as (there, (inner,), text):
        assert text == "text"
        for array in (there, inner):
            assert (array.dtype, array.shape, array.strides, array.flags.writeable) == (
                image.dtype,
                image.shape,
                image.strides,
                True,
            )
            assert (array == image).all()


def test_code_that_takes_no_read_only_array_but_only_reads_passes() -> None:
    def refuses_read_only(image: np.ndarray, n: int) -> np.ndarray:
        if not image.flags.writeable:
            raise ValueError("buffer source array is read-only")
        return 255 - image

    assert ending(refuses_read_only, (IMAGE, 2)) == 0
