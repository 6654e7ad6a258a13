"""Parameters of compiled functions: pybind11 gives no signature, only a docstring."""

import pytest

from labkit.core.errors import UsageError
from labkit.core.stage import define_stage
from labkit.core.variant import _parameters, check_signature, define_variant


class Compiled:
    """A callable like those of pybind11: ``inspect.signature`` does not know it."""

    __name__ = "compiled"
    __qualname__ = "compiled"

    def __init__(self, doc: str | None) -> None:
        self.__doc__ = doc

    @property
    def __signature__(self) -> None:
        raise ValueError("no signature found for builtin")

    def __call__(self) -> None: ...


@pytest.mark.parametrize(
    ("doc", "parameters"),
    [
        ("f(image: numpy.ndarray[numpy.uint8], n: int = 6) -> tuple", ["image", "n"]),
        (
            "f(image: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8], n: typing.SupportsInt = 6) -> tuple",
            ["image", "n"],
        ),
        ("f(size: tuple[int, int, int], table: dict[str, list[int]]) -> int", ["size", "table"]),
        ("f(size: tuple = (1, 2, 3), name: str = 'a, b(', *, n: int) -> None", ["size", "name", "n"]),
        ("f(arg0: int, /) -> int\n\nA summary, with (brackets)", ["arg0"]),
        ("f() -> None", []),
        ("f(image)", ["image"]),
        ("f(*args, **kwargs)\nOverloaded function.\n\n1. f(image: int) -> int", None),
        ("Nothing about parameters.", None),
        (None, None),
    ],
)
def test_parameters_are_read_from_the_docstring(doc: str | None, parameters: list[str] | None) -> None:
    assert _parameters(Compiled(doc)) == parameters


def test_a_compiled_variant_of_another_signature_is_refused() -> None:
    stage = define_stage(lambda image, n=6: None, name="blur", reference="a", workloads=[])
    variant = define_variant(Compiled("f(image: int, k: int) -> int"), "blur", "native", "fast")
    with pytest.raises(
        UsageError, match=r"variant fast takes \(image, k\), but stage blur asks for blur\(image, n=6\)"
    ):
        check_signature(variant, stage)


def contract(image: object, mask: object, n: int = 6) -> None:
    """Two inputs and a parameter."""


@pytest.mark.parametrize(
    ("function", "taken"),
    [
        (lambda image, mask, n: 0, True),
        (lambda image, mask, n=6: 0, True),
        (lambda img, hole, n: 0, True),
        (lambda image, mask, n, fast=True, *, threads=1: 0, True),
        (lambda image, mask, n, **more: 0, True),
        (lambda *inputs: 0, True),
        (lambda image, *rest: 0, True),
        (lambda img, hole, /, n=2: 0, True),
        (Compiled("f(img: int, mask: int, n: int = 6) -> int"), True),
        (lambda mask, image, n: 0, False),
        (lambda image, mask, k: 0, False),
        (lambda img, n, mask: 0, False),
        (lambda image, mask: 0, False),
        (lambda image: 0, False),
        (lambda image, mask, n, needed: 0, False),
        (lambda image, mask, *, n: 0, False),
        (Compiled("f(img: int, mask: int, k: int = 6) -> int"), False),
    ],
)
def test_a_variant_is_taken_where_it_can_be_called_with_the_inputs_in_their_order(
    function: object, taken: bool
) -> None:
    stage = define_stage(contract, name="fill", reference="a", workloads=[])
    variant = define_variant(function, "fill", "numpy", "mine")  # type: ignore[arg-type]
    if taken:
        return check_signature(variant, stage)
    with pytest.raises(UsageError, match=r"variant mine takes \(.*\), but stage fill asks for fill\("):
        check_signature(variant, stage)


def test_a_compiled_variant_that_tells_nothing_is_taken_at_its_word() -> None:
    stage = define_stage(lambda image: None, name="blur", reference="a", workloads=[])
    check_signature(define_variant(Compiled(None), "blur", "native", "fast"), stage)


def test_the_signature_line_of_a_compiled_function_is_not_its_summary() -> None:
    doc = "compiled(image: int) -> int\n\nRuns of equal pixels, counted.\n"
    assert define_variant(Compiled(doc), "blur", "native", "fast").summary == "Runs of equal pixels, counted."
