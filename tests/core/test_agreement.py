"""Agreement: what counts as the same answer, and how a difference is told."""

from typing import Any, NamedTuple

import numpy as np
import pytest

from labkit.core.agreement import Agreement, Exact, OutsideMask, Psnr, Share, Within, rule_for
from labkit.core.parts import arrays


class Answer(NamedTuple):
    colors: Any
    panel: Any


A = np.array
NAN, INF = float("nan"), float("inf")
IMAGE = np.arange(12, dtype=np.uint8).reshape(3, 4)


def with_pixel(row: int, column: int, value: int) -> np.ndarray:
    image = IMAGE.copy()
    image[row, column] = value
    return image


@pytest.mark.parametrize(
    ("agreement", "output", "expected"),
    [
        pytest.param(Exact(), IMAGE.copy(), IMAGE, id="equal images"),
        pytest.param(Exact(), A([NAN, 1.0]), A([NAN, 1.0]), id="NaN where NaN is expected"),
        pytest.param(Exact(), A([complex(NAN, 1)]), A([complex(NAN, 1)]), id="complex NaN where it is expected"),
        pytest.param(Exact(), np.empty((0, 3)), np.empty((0, 3)), id="empty arrays"),
        pytest.param(Exact(), np.asfortranarray(IMAGE), IMAGE, id="another memory order"),
        pytest.param(Exact(), A(["a", "b"]), A(["a", "b"]), id="arrays of text"),
        pytest.param(Exact(), (1, [IMAGE, "x"], None), (1, [IMAGE, "x"], None), id="nested"),
        pytest.param(Exact(), {"b": 1, "a": IMAGE}, {"a": IMAGE, "b": 1}, id="dictionaries in any order"),
        pytest.param(Exact(), NAN, NAN, id="scalar NaN"),
        pytest.param(Exact(), np.float64(0.5), 0.5, id="NumPy's scalar for Python's"),
        pytest.param(Within(1), with_pixel(1, 1, 6), IMAGE, id="within the tolerance"),
        pytest.param(Within(1), A([0], np.uint8), A([1], np.uint8), id="unsigned numbers do not wrap"),
        pytest.param(Within(0.5), A([INF, -INF, NAN]), A([INF, -INF, NAN]), id="infinities of one sign"),
        pytest.param(Within(0.5), (1.2,), (1.0,), id="scalars within the tolerance"),
    ],
)
def test_these_agree(agreement: Agreement, output: Any, expected: Any) -> None:
    assert agreement.difference(output, expected) is None


@pytest.mark.parametrize(
    ("agreement", "output", "expected", "told"),
    [
        (
            Exact(),
            with_pixel(1, 2, 8),
            IMAGE,
            "output: differs in 1 of 12 elements, first at (1, 2), by up to 2",
        ),
        (Exact(), IMAGE.astype(np.int64), IMAGE, "output: has dtype int64, expected uint8"),
        (Exact(), IMAGE[:2], IMAGE, "output: has shape (2, 4), expected (3, 4)"),
        (Exact(), IMAGE[..., None], IMAGE, "output: has shape (3, 4, 1), expected (3, 4)"),
        (Exact(), IMAGE.tolist(), IMAGE, "output: is a builtins.list, expected a numpy.ndarray"),
        (Exact(), None, IMAGE, "output: is a builtins.NoneType, expected a numpy.ndarray"),
        (Exact(), np.ma.array(IMAGE), IMAGE, "expected a numpy.ndarray"),
        (Exact(), A([1.0, NAN, NAN]), A([1.0, 2.0, 3.0]), "output: is NaN in 2 of 3 elements, first at (1,)"),
        (Exact(), A([1.0, 2.0]), A([NAN, 2.0]), "output: differs in 1 of 2 elements, first at (0,)"),
        (Exact(), A([True, False]), A([True, True]), "output: differs in 1 of 2 elements, first at (1,), by up to 1"),
        (Exact(), A([3 + 4j]), A([0j]), "by up to 5"),
        (Exact(), A(["a"]), A(["b"]), "output: differs in 1 of 1 elements, first at (0,)"),
        (Within(1), with_pixel(2, 3, 14), IMAGE, "output: differs in 1 of 12 elements, first at (2, 3), by up to 3"),
        (Within(0.5), A([NAN]), A([1.0]), "output: is NaN in 1 of 1 elements"),
        (Within(0.5), A([INF]), A([-INF]), "by up to inf"),
        (Within(0.5), A([1.0]), A([NAN]), "output: differs in 1 of 1 elements"),
        (Within(0.5), A([5j]), A([0j]), "by up to 5"),
        (Within(0.5), (2.0,), (1.0,), "output[0]: is 2.0, expected 1.0"),
        (Exact(), (1, 2), (1, 2, 3), "output: is tuple of 2, expected tuple of 3"),
        (Exact(), 5, (1,), "output: is int, expected tuple of 1"),
        (Exact(), Answer(IMAGE, with_pixel(0, 0, 1)), Answer(IMAGE, IMAGE), "output.panel: differs in 1 of 12"),
        (Exact(), (IMAGE, [1, {"a": 2}]), (IMAGE, [1, {"a": 3}]), "output[1][1]['a']: is 2, expected 3"),
        (Exact(), {"a": 1}, {"a": 1, 2: 3}, "output: has keys ['a'], expected [2, 'a']"),
        (Exact(), [1], {"a": 1}, "output: has keys of a list, expected ['a']"),
        (Exact(), 1, 1.0, "output: is 1, expected 1.0"),
        (Exact(), True, 1, "output: is True, expected 1"),
        (Exact(), "x" * 500, "y", "output: is 'xxx"),
    ],
)
def test_a_difference_says_what_and_where(agreement: Agreement, output: Any, expected: Any, told: str) -> None:
    found = agreement.difference(output, expected)
    assert found is not None
    assert told in str(found)
    assert len(str(found)) < 200


def test_the_first_of_several_differences_is_located_and_the_largest_is_told() -> None:
    found = Exact().difference(A([[0, 1], [9, 3]], np.uint8), A([[0, 2], [2, 3]], np.uint8))
    assert found is not None
    assert (found.index, found.count, found.size, found.largest) == ((0, 1), 2, 4, 7.0)


FLAT = np.full((10, 10), 100, np.uint8)


@pytest.mark.parametrize(
    ("rule", "output", "said"),
    [
        (
            Within(16),
            FLAT + np.uint8(15),
            "differs by 15 on average, more than 2 (each value is within 16; if that is meant:",
        ),
        (Within(16), np.where(np.eye(10), 116, 100).astype(np.uint8), None),
        (Within(16), np.where(np.indices((10, 10)).sum(0) % 2, 110, 90).astype(np.uint8), "differs by 10 on average"),
        (Within(16, mean=15), FLAT + np.uint8(15), None),
        (Within(1), FLAT + np.uint8(1), "Within(1, mean=1)"),
        (Within(1), np.where(np.indices((10, 10)).sum(0) % 2, 101, 100).astype(np.uint8), None),
        (Within(16), FLAT + np.uint8(17), "output: differs in 100 of 100 elements, first at (0, 0), by up to 17"),
        (Within(1e-3), FLAT * 1e-3 + 9e-4, "has dtype float64"),
    ],
)
def test_within_a_tolerance_most_values_lie_far_closer(rule: Within, output: np.ndarray, said: str | None) -> None:
    found = rule.difference(output, FLAT)
    assert (found is None) == (said is None)
    assert said is None or said in str(found)


def test_the_mean_of_floats_is_bound_as_well_and_what_is_infinite_alike_does_not_count() -> None:
    expected = np.linspace(0, 1, 100)
    assert Within(1e-3).difference(expected + 1e-4, expected) is None
    found = Within(1e-3).difference(expected + 9e-4, expected)
    assert found is not None
    assert "differs by 0.0009 on average, more than 0.000125" in str(found)
    expected[:10], expected[10:20] = INF, NAN
    assert Within(1e-3).difference(expected + 1e-4, expected) is None


@pytest.mark.parametrize("tolerance", [-1, NAN])
def test_a_tolerance_that_nothing_could_meet_is_refused(tolerance: float) -> None:
    with pytest.raises(ValueError, match=r"tolerance is .*; give 0 or a positive number"):
        Within(tolerance)


def test_every_array_of_a_nested_value_is_found_with_its_path() -> None:
    value = ({"a": IMAGE}, [1, Answer(IMAGE, "text")])
    assert [where for where, _ in arrays(value)] == ["[0]['a']", "[1][1].colors"]


GREY = np.arange(100, dtype=np.uint8).reshape(10, 10)


def changed(count: int, by: int) -> np.ndarray:
    made = GREY.copy()
    made.reshape(-1)[:count] += by
    return made


@pytest.mark.parametrize(
    ("rule", "output", "said"),
    [
        (Share(0.05), changed(5, 100), None),
        (
            Share(0.05),
            changed(6, 1),
            "more than 5.000% of all elements: in 6 of 100 elements, first at (0, 0), by up to 1",
        ),
        (Share(0.05, levels=2), changed(60, 2), None),
        (Share(0.05, levels=2), changed(60, 3), "differs by more than 2 in more than 5.000%"),
        (Share(1.0), GREY[:5], "has shape (5, 10)"),
        (Psnr(30), changed(100, 8), None),  # 10·log10(255²/64) = 30.07
        (Psnr(30), changed(100, 9), "is like the expected by 29.0 dB, less than 30 dB"),
        (Psnr(30), GREY.copy(), None),
        (Psnr(30), GREY.astype(np.float32), "has dtype float32"),
    ],
)
def test_a_share_of_pixels_and_a_likeness_may_be_asked_for(rule: Any, output: np.ndarray, said: str | None) -> None:
    found = rule.difference(output, GREY)
    assert (said is None) == (found is None)
    assert said is None or said in str(found)
    assert (rule.difference([output], [GREY]) is None) == (said is None)


def test_what_is_no_pixel_agrees_exactly_under_a_share() -> None:
    assert Share(0.5).difference((GREY, 3), (GREY, 4)) is not None
    assert Psnr(10).difference({"a": GREY, "b": 0.5}, {"a": GREY, "b": 0.25}) is not None


def test_outside_of_a_mask_not_a_pixel_may_change() -> None:
    mask = np.zeros((10, 10), np.uint8)
    mask[0, :5] = 255
    rule = rule_for(OutsideMask(lambda image, mask: mask, inside=Share(0.05, levels=50)), (GREY, mask))
    assert rule.difference(changed(5, 100), GREY) is None
    found = rule.difference(changed(6, 1), GREY)
    assert found is not None
    assert "outside of the mask in 1 of 100 elements, first at (0, 5)" in str(found)
    strict = rule_for(OutsideMask(lambda image, mask: mask, inside=Within(50)), (GREY, mask))
    assert strict.difference(changed(5, 100), GREY) is not None
    colours = np.repeat(GREY[..., None], 3, axis=2)
    assert rule.difference(colours.copy(), colours) is None
    assert rule_for(Exact(), (GREY,)) == Exact()


@pytest.mark.parametrize("wrong", [lambda: Share(1.5), lambda: Share(0.1, -1), lambda: Share(float("nan"))])
def test_a_share_is_between_none_and_all(wrong: Any) -> None:
    with pytest.raises(ValueError, match="give 0 to 1"):
        wrong()
