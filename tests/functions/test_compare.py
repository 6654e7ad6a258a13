"""Functions compared as they are: what they may be, what they may be called with, and what is said of them."""

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import labkit as lk
from labkit import api
from labkit.core.errors import UsageError
from labkit.core.registry import Registry, registry
from labkit.functions.inputs import MOST_PICTURES, pictures_at, workloads_of
from labkit.functions.named import function_named, is_function_name
from labkit.functions.stage import kind_of, names_of, stage_of
from labkit.reports.shown import Shown
from labkit.store.compare import RunComparison

PICTURE = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(8, 8, 3)


def double(image: np.ndarray) -> np.ndarray:
    return image * np.uint8(2)


def shifted(picture: np.ndarray) -> np.ndarray:
    return picture << np.uint8(1)


def wrong(image: np.ndarray) -> np.ndarray:
    return image * np.uint8(2) + np.uint8(1)


def scaled(image: np.ndarray, by: int = 1) -> np.ndarray:
    return image * np.uint8(by)


class Doubler:
    def method(self, image: np.ndarray) -> np.ndarray:
        return image + image

    def __call__(self, image: np.ndarray) -> np.ndarray:
        return image + image


def closure(factor: int) -> Any:
    def inner(image: np.ndarray) -> np.ndarray:
        return image * np.uint8(factor)

    return inner


def statuses(stage: str) -> dict[str, str]:
    found = api.check(stage)
    return dict(zip(found.variant, found.status.astype(str), strict=True))


@pytest.fixture(autouse=True)
def _own(own_registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LABKIT_RESULTS", str(tmp_path / "results"))


def test_two_functions_come_to_a_verdict_in_a_call() -> None:
    found = lk.compare(double, shifted, on=PICTURE, budget=0.1)
    assert isinstance(found, Shown)
    assert found.run is not None
    assert list(found.frame.variant) in (["double", "shifted"], ["shifted", "double"])
    assert set(found.frame.status) == {"measured"}
    assert "@lk.stage" in repr(found)
    assert "@lk.stage" in found._repr_html_()


def test_any_callable_may_be_compared() -> None:
    stage = stage_of(
        double,
        shifted,
        lambda image: image + image,
        Doubler().method,
        Doubler(),
        functools.partial(scaled, by=2),
        closure(2),
        np.vectorize(lambda value: np.uint8(2 * int(value) % 256), otypes=[np.uint8]),
        wrong,
        on=PICTURE,
    )
    found = statuses(stage)
    assert [name for name, status in found.items() if status != "measured"] == ["wrong"], found
    assert found["wrong"] == "differs"


def test_equal_names_are_told_apart() -> None:
    assert names_of([double, double, lambda x: x, lambda x: x, functools.partial(scaled, by=2), Doubler(), np.add]) == [
        "double",
        "double#2",
        "lambda",
        "lambda#2",
        "scaled",
        "Doubler",
        "add",
    ]


def test_arguments_may_be_positional_and_by_keyword() -> None:
    def plus(a: np.ndarray, b: np.ndarray, *, more: int = 0) -> np.ndarray:
        return a + b + np.uint8(more)

    def other(a: np.ndarray, b: np.ndarray, *, more: int = 0) -> np.ndarray:
        return b + np.uint8(more) + a

    assert set(statuses(stage_of(plus, other, on=(PICTURE, PICTURE), kwargs={"more": 3})).values()) == {"measured"}


def test_named_inputs_are_workloads_each() -> None:
    stage = stage_of(double, shifted, on={"small": PICTURE, "made": lambda: np.zeros((2, 2, 3), np.uint8)})
    found = api.check(stage)
    assert list(dict.fromkeys(found.workload)) == ["small", "made"]
    assert set(found.status.astype(str)) == {"measured"}


@pytest.mark.parametrize(
    ("tolerance", "agree"),
    [
        (None, False),
        (1, False),  # within 1 each, but all of them: a bias
        (lk.Within(1, mean=1), True),
        (10, True),
        (0.5, False),
        (lambda output, expected: np.array_equal(output, expected + 1), True),
        (lambda output, expected: np.testing.assert_array_equal(output, expected), False),
        (lk.Psnr(30), True),
    ],
)
def test_agreement_is_exact_or_as_it_is_said(tolerance: Any, agree: bool) -> None:
    def above(image: np.ndarray) -> np.ndarray:
        return image + 1

    def below(image: np.ndarray) -> np.ndarray:
        return image + 0

    stage = registry.stage(stage_of(below, above, on=np.arange(200, dtype=np.uint8), tolerance=tolerance))
    expected = np.arange(200, dtype=np.uint8)
    assert (stage.agreement.difference(expected + np.uint8(1), expected) is None) is agree


def test_functions_may_change_their_input_where_that_is_said() -> None:
    def doubled(image: np.ndarray) -> None:
        image *= np.uint8(2)

    def added(image: np.ndarray) -> None:
        image += image

    assert set(statuses(stage_of(doubled, added, on=PICTURE)).values()) == {"differs"}
    assert set(statuses(stage_of(doubled, added, on=PICTURE, in_place=True)).values()) == {"measured"}


def test_what_prepare_makes_is_the_first_argument_and_is_left_at_the_end(tmp_path: Path) -> None:
    left = tmp_path / "left"

    @contextmanager
    def model() -> Iterator[int]:
        yield 2
        left.touch()

    def multiply(factor: int, image: np.ndarray) -> np.ndarray:
        return image * np.uint8(factor)

    def add(factor: int, image: np.ndarray) -> np.ndarray:
        return image + image

    stage = stage_of(multiply, add, on=PICTURE, prepare=model)
    assert set(statuses(stage).values()) == {"measured"}
    assert left.exists()


def test_the_same_functions_again_take_the_place_of_the_earlier() -> None:
    stage_of(double, shifted, wrong, on=PICTURE)
    stage = stage_of(double, shifted, on=PICTURE)
    again = stage_of(double, shifted, on=PICTURE)
    assert stage == again
    assert set(registry.of(again)) == {"double", "shifted"}


def test_every_call_takes_the_functions_by_the_name_of_their_stage() -> None:
    found = lk.compare(double, wrong, on={"a": PICTURE, "b": np.vstack([PICTURE, PICTURE])}, budget=0.1)
    assert "return image * np.uint8(2)" in " ".join(found.profile("double", calls=1).table.source)
    assert found.pictures("wrong", "a").differing == PICTURE.size
    assert found.memory("double").variant == "double"
    assert list(found.document["rows"][0]) == list(api.bench(found.stage, budget=0.1).document["rows"][0])


def test_functions_that_yield_are_profiled_and_pictured_like_others() -> None:
    def rows(image: np.ndarray) -> Iterator[np.ndarray]:
        for row in image:
            yield row * np.uint8(2)

    def again(image: np.ndarray) -> Iterator[np.ndarray]:
        return (row + row for row in image)

    stage = stage_of(rows, again, on=PICTURE)
    assert set(statuses(stage).values()) == {"measured"}
    profile = api.profile(stage, "rows", calls=1).table
    assert profile.hits[profile.source.str.contains("yield row")].tolist() == [len(PICTURE)]
    assert len(api.diff(stage, "rows", "again", calls=1).blocks) > 1
    assert api.pictures(stage, "again").status == "measured"
    assert api.memory(stage, "rows").output_bytes == PICTURE.nbytes


def test_pictures_are_read_from_a_file_a_folder_or_a_pattern(tmp_path: Path) -> None:
    for number in range(12):
        cv2.imwrite(str(tmp_path / f"사진 {number}.png"), np.full((number + 1, 5, 3), number, np.uint8))
    (tmp_path / "notes.txt").write_text("no picture")
    assert len(pictures_at(tmp_path)) == MOST_PICTURES
    assert len(pictures_at(tmp_path / "사진 1*.png")) == 3
    (one,) = workloads_of(str(tmp_path / "사진 3.png"))
    assert (one.name, one.build()[0].shape) == ("사진 3.png", (4, 5, 3))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: lk.compare(double, on=PICTURE), "two functions or more"),
        (lambda: lk.compare(double, "last"), "'last' is the name of a run"),
        (lambda: lk.compare("last"), "compare takes two runs; 1 were given"),
        (lambda: lk.compare(double, shifted, on="nowhere/*.png"), "no picture is there"),
        (lambda: lk.compare(double, shifted, on="no name but a text. " * 300), "no picture is there"),
        (lambda: lk.compare(double, shifted, on="~nobody-of-that-name/x.png"), "no picture is there"),
        (lambda: lk.compare(double, shifted, on={}), "named inputs"),
        (lambda: lk.compare(double, functools.partial(lambda lock, x: x, threading.Lock()), on=PICTURE), "prepare="),
        (lambda: function_named("nowhere.py:f"), "no such file"),
        (lambda: function_named("nowhere_at_all:f"), "can't be imported"),
        (lambda: function_named("json:nothing"), "no 'nothing' there; it has:"),
    ],
)
def test_wrong_usage_is_told_in_a_line(make: Any, says: str) -> None:
    with pytest.raises(UsageError) as error:
        make()
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_what_is_no_function_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="3 is no function"):
        lk.compare(double, 3, on=PICTURE)


def test_names_of_runs_are_compared_as_before() -> None:
    first = api.bench(stage_of(double, shifted, on=PICTURE), budget=0.1)
    assert isinstance(lk.compare(first.run.id, "last"), RunComparison)


def test_whose_function_it_is_makes_its_kind() -> None:
    assert [kind_of(one) for one in (double, Doubler().method, cv2.blur, np.add, np.median)] == [
        *("python", "python"),
        *("library", "library", "library"),
    ]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("a.py:f", True), ("package.module:f", True), ("a.py:Class.method", True), ("last", False), ("2026T10", False)],
)
def test_a_function_is_told_from_a_run_by_its_colon(text: str, is_one: bool) -> None:
    assert is_function_name(text) is is_one
