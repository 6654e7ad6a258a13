"""What follows from a contract's annotations: checks in one wording, edge cases, workloads, the floor, a split by rows."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
import pytest

from labkit.core import BGR, BGRA, Drawn, Grey, Image, Odd, OneOf, Real, Rows, SameShape, UsageError, Whole
from labkit.core.contract import checking, read_terms
from labkit.core.registry import Registry
from labkit.core.stage import define_stage
from labkit.core.variant import define_variant


class Shift(NamedTuple):
    by: int


def shift(seed: int, index: int, shape: tuple[int, ...]) -> Shift:
    return Shift(seed + 10 * index + shape[1])


def judge(choices: Shift) -> None:
    if choices.by < 0:
        raise UsageError(f"choices.by is {choices.by}; give at least 0")


def median(image: Grey | BGR, size: Annotated[int, Odd(3, 31)] = 5) -> SameShape:  # type: ignore[empty-body]
    """Median of each neighbourhood."""


def blend(  # type: ignore[empty-body]
    image: Annotated[np.ndarray, Image(3, least=4, most=9)],
    choices: Annotated[Shift, Drawn(Shift, shift, judge)],
    share: Annotated[float, Real(0, above=True)] = 0.5,
    border: Annotated[str, OneOf(("wrap", "clip"))] = "clip",
    times: Annotated[int, Whole(1)] = 1,
) -> Grey:
    """Many parameters."""


SMALL = np.zeros((4, 6, 3), np.uint8)
WRONG: dict[str, tuple[Any, dict[str, Any], type[Exception], str]] = {
    "a list": (
        median,
        {"image": [[0]]},
        TypeError,
        r"image is a list; give a numpy array uint8 \(h, w\) or uint8 \(h, w, 3\) BGR",
    ),
    "floats": (median, {"image": SMALL.astype(float)}, ValueError, r"image is float64 \(4, 6, 3\); give uint8"),
    "four channels": (median, {"image": np.zeros((4, 6, 4), np.uint8)}, ValueError, r"\(4, 6, 4\); give uint8"),
    "no dimensions": (median, {"image": np.uint8(3)}, TypeError, "image is a uint8"),
    "empty": (median, {"image": SMALL[:0]}, ValueError, r"image is empty: its shape is \(0, 6, 3\)"),
    "strided": (median, {"image": SMALL[:, ::2]}, ValueError, r"give numpy.ascontiguousarray\(image\)"),
    "even": (median, {"image": SMALL, "size": 4}, ValueError, "size is 4; give an odd integer from 3 to 31"),
    "too large a size": (median, {"image": SMALL, "size": 33}, ValueError, "size is 33"),
    "a float size": (median, {"image": SMALL, "size": 5.0}, TypeError, "size is a float"),
    "a bool size": (median, {"image": SMALL, "size": True}, TypeError, "size is a bool"),
    "too small": (
        blend,
        {"image": SMALL[:3], "choices": Shift(1)},
        ValueError,
        "too small.*at least 4 rows and columns",
    ),
    "too large": (
        blend,
        {"image": np.zeros((4, 10, 3), np.uint8), "choices": Shift(1)},
        ValueError,
        "too large.*at most 9",
    ),
    "other choices": (
        blend,
        {"image": SMALL, "choices": (1,)},
        TypeError,
        r"choices is a tuple; give Shift, such as draw\(",
    ),
    "bad choices": (blend, {"image": SMALL, "choices": Shift(-1)}, ValueError, "choices.by is -1"),
    "share 0": (
        blend,
        {"image": SMALL, "choices": Shift(1), "share": 0},
        ValueError,
        "share is 0; give a finite number, above 0",
    ),
    "share nan": (blend, {"image": SMALL, "choices": Shift(1), "share": float("nan")}, ValueError, "share is nan"),
    "border": (blend, {"image": SMALL, "choices": Shift(1), "border": "mirror"}, ValueError, "give one of: wrap, clip"),
    "times": (blend, {"image": SMALL, "choices": Shift(1), "times": 0}, ValueError, "times is 0; give an integer ≥ 1"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_refused_in_one_line_that_names_the_argument(case: str) -> None:
    contract, inputs, error, text = WRONG[case]
    with pytest.raises(error, match=text) as caught:
        checking(contract, read_terms(contract))(**inputs)
    assert "\n" not in str(caught.value)


def test_right_input_is_taken_with_and_without_its_defaults() -> None:
    checking(median, read_terms(median))(SMALL)
    checking(median, read_terms(median))(SMALL[..., 0].copy(), np.int64(7))
    checking(blend, read_terms(blend))(SMALL, Shift(0), 1e-3, border="wrap")


def test_annotations_of_other_sorts_say_nothing() -> None:
    def plain(image: np.ndarray, n: int = 6) -> Unknown:  # type: ignore[name-defined] # noqa: F821
        """As contracts were written before."""

    assert read_terms(plain).takes == {}
    assert checking(plain, read_terms(plain)) is plain
    with pytest.raises(UsageError, match="stage plain: say its workloads"):
        define_stage(plain, reference="p")


def test_an_annotation_that_is_no_name_of_another_module_does_not_cost_the_others_theirs() -> None:
    def half(image: BGR, choices: Unknown = None) -> SameShape:  # type: ignore[name-defined,empty-body] # noqa: F821
        """One annotation is for type checkers alone."""

    assert list(read_terms(half).takes) == ["image"]


def test_a_misspelt_mark_is_told() -> None:
    def misspelt(image: np.Gray) -> None:  # type: ignore[name-defined]
        """There is no such thing."""

    with pytest.raises(UsageError, match=r"stage misspelt: the annotation of image, 'np.Gray', can't be evaluated"):
        read_terms(misspelt)


def test_the_floor_is_what_goes_in_and_what_comes_out() -> None:
    same, grey = define_stage(median, reference="p"), define_stage(blend, reference="p")
    assert same.floor_bytes is not None
    assert same.floor_bytes(SMALL, 5) == 2 * SMALL.nbytes
    assert grey.floor_bytes is not None
    assert grey.floor_bytes(SMALL, Shift(1), 0.5, "clip", 1) == SMALL.nbytes + 4 * 6
    assert same.items is not None
    assert same.items(SMALL, 5) == 1


def test_every_edge_case_keeps_the_contract_and_try_also_is_tried() -> None:
    stage = define_stage(median, reference="p", try_also={"size": (3, 9)}, edge_cases=lambda: {"mine": (SMALL, 5)})
    cases = stage.edge_cases()
    for inputs in cases.values():
        stage.contract(*inputs)
    assert {inputs[1] for inputs in cases.values()} == {3, 5, 9}
    assert {inputs[0].ndim for inputs in cases.values()} == {2, 3}
    assert {"mine", "1×1 of 1", "64 wide of 3, size=9"} <= cases.keys()
    first = define_stage(blend, reference="p").edge_cases()["odd sides"]
    assert first[1] == shift(
        5, list(define_stage(blend, reference="p").edge_cases()).index("odd sides"), first[0].shape
    )


@pytest.mark.parametrize(("annotation", "form"), [(Grey, ()), (BGR, (3,)), (BGRA, (4,))])
def test_workloads_are_pictures_of_the_form_that_is_taken(annotation: Any, form: tuple[int, ...]) -> None:
    def one(image: Any) -> None:
        """Takes an image."""

    one.__annotations__ = {"image": annotation}
    loads = define_stage(one, reference="p").workloads
    assert list(loads) == ["256", "512", "1080p", "4k"]
    (image,) = loads["256"].build()
    assert image.shape == (256, 256, *form)
    assert len(np.unique(image[..., -1] if form else image)) > 100
    assert np.array_equal(image, loads["256"].build()[0])


def test_rows_with_their_halo_give_what_the_whole_gives() -> None:
    def smooth(image: np.ndarray, size: int = 5) -> np.ndarray:
        padded = np.pad(image, ((size // 2, size // 2), (0, 0)), "edge").astype(np.int64)
        return np.stack([padded[y : y + size].max(0) for y in range(len(image))]).astype(np.uint8)

    stage = define_stage(median, reference="plain", split=Rows(halo=lambda image, size: size // 2))
    own = Registry()
    own._state = "ready"
    own.add_stage(stage, "here")
    own.add_variant(define_variant(smooth, "median", "numpy", "plain"))
    own.add_variant(define_variant(smooth, "median", "native", "on_all_cores", parallel=True))
    partial = own.variant("median", "plain").partial
    assert partial is not None
    assert own.variant("median", "on_all_cores").partial is None
    assert stage.split is not None
    image = np.random.default_rng(1).integers(0, 256, (29, 8), np.uint8)
    for count in (1, 2, 5, 29, 100):
        for size in (3, 9):
            parts = stage.split.parts(count, image, size)
            assert len(parts) == min(count, 29)
            found = stage.split.combine([partial(*part) for part in parts], image, size)
            assert np.array_equal(found, smooth(image, size))
