"""What values are made of: tables, pictures, tensors, objects compare part by part, and say where they differ."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from labkit.core.agreement import Exact, Within
from labkit.core.parts import arrays, copied, parts, settled

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4)


@dataclass
class Box:
    """A part of a picture and what was read there."""

    pixels: np.ndarray
    text: str


class Plain:
    """An object without an equality of its own."""

    def __init__(self, value: Any) -> None:
        self.value = value


def frame(first: float, name: str = "b") -> pd.DataFrame:
    times = pd.to_datetime(["2020-01-01", None])
    return pd.DataFrame({"a": [first, np.nan], name: ["x", None], "t": times, "n": pd.array([1, None], dtype="Int64")})


def tensor(first: float) -> Any:
    torch = pytest.importorskip("torch")
    return torch.tensor([first, 2.0])


def sparse(first: float, side: int = 4) -> Any:
    scipy = pytest.importorskip("scipy.sparse")
    return scipy.csr_array(([first, 2.0], ([1, 2], [0, 3])), (side, side))


def ragged(first: float) -> np.ndarray:
    made = np.empty(2, object)
    made[:] = [np.array([first]), np.array([1.0, 2.0])]
    return made


def record(first: float) -> np.ndarray:
    return np.array([(1, first)], [("a", np.int64), ("b", np.float64)])


MAKERS: list[tuple[Callable[[float], Any], str]] = [
    (frame, "output['a']: differs in 1 of 2 elements, first at (0,), by up to 0.5"),
    (lambda first: frame(first)["a"], "output.values: differs in 1 of 2 elements, first at (0,)"),
    (lambda first: pd.Index([first, 2.0]), "output: differs in 1 of 2 elements, first at (0,)"),
    (lambda first: Image.fromarray(GREY + np.uint8(2 * first)), "output: differs in 12 of 12 elements"),
    (tensor, "output: differs in 1 of 2 elements, first at (0,), by up to 0.5"),
    (sparse, "output: differs in 1 of 16 elements, first at (1, 0), by up to 0.5"),
    (partial(sparse, side=10_000), "output.data: differs in 1 of 2 elements, first at (0,), by up to 0.5"),
    (ragged, "output[0]: differs in 1 of 1 elements"),
    (record, "output['b']: differs in 1 of 1 elements"),
    (lambda first: np.ma.masked_array([first, 2.0], [False, True]), "output: differs in 1 of 2 elements"),
    (lambda first: [Box(np.array([first]), "a")], "output[0].pixels: differs in 1 of 1 elements"),
    (lambda first: deque([first]), "output[0]: is 1.5, expected 1.0"),
    (lambda first: Plain({"x": first}), "output.value['x']: is 1.5, expected 1.0"),
    (lambda first: [cv2.KeyPoint(first, 0, 3)], "output[0].pt[0]: is 1.5, expected 1.0"),
    (lambda first: settled(part for part in (first, 2.0)), "output[0]: is 1.5, expected 1.0"),
]
KINDS = pytest.mark.parametrize(("make", "said"), MAKERS)


@KINDS
def test_values_of_other_libraries_and_of_ones_own_compare_part_by_part(
    make: Callable[[float], Any], said: str
) -> None:
    assert Exact().difference(make(1.0), make(1.0)) is None
    assert Exact().difference(copied(make(1.0)), make(1.0)) is None
    found = str(Exact().difference(make(1.5), make(1.0)))
    assert found.startswith(said)
    assert " at 0x" not in found


@KINDS
def test_a_tolerance_holds_inside_of_them(make: Callable[[float], Any], said: str) -> None:
    assert Within(1.0).difference(make(1.5), make(1.0)) is None
    assert Within(0.25).difference(make(1.5), make(1.0)) is not None


@pytest.mark.parametrize(
    ("output", "expected", "said"),
    [
        (frame(1.0, "c"), frame(1.0), "is a DataFrame of 2 rows with a float64, c"),
        (frame(1.0), GREY, "is a pandas.DataFrame, expected a numpy.ndarray"),
        (
            Image.fromarray(GREY),
            Image.new("RGB", (4, 3)),
            "is a PIL picture L of 4×3, expected a PIL picture RGB of 4×3",
        ),
        (Box(GREY, "a"), Box(GREY, "b"), "output.text: is 'a', expected 'b'"),
        (iter([1]), [1], "nothing is computed yet when an iterator comes back: return list(...)"),
        (settled(iter([GREY])), GREY, "is an iterator over 1, expected a numpy.ndarray"),
        (object(), object(), "is a builtins.object, which can't be compared with a builtins.object"),
        (pd.NA, pd.NaT, "is <NA>, expected NaT"),
    ],
)
def test_what_is_of_another_kind_is_told_so(output: Any, expected: Any, said: str) -> None:
    assert said.removeprefix("output") in str(Exact().difference(settled(output), expected))


@pytest.mark.parametrize("value", [pd.NA, pd.NaT, frame(1.0), {1, 2}, None, float("nan"), np.datetime64("NaT")])
def test_what_is_missing_agrees_with_itself(value: Any) -> None:
    assert Exact().difference([copied(value)], [value]) is None


@pytest.mark.parametrize("make", [frame, tensor, lambda first: Image.fromarray(GREY), lambda first: Box(GREY, "a")])
def test_a_value_of_the_same_form_can_be_made_of_other_parts(make: Callable[[float], Any]) -> None:
    made = parts(value := make(1.0))
    assert made is not None
    assert made.again is not None
    again = made.again([copied(inner) for _, inner in made.inner])
    assert Exact().difference(again, value) is None


def test_the_arrays_of_a_tensor_are_its_memory() -> None:
    value = tensor(1.0)
    (held,) = (array for _, array in arrays({"x": [value]}))
    held[0] = 7.0
    assert value[0] == 7.0
