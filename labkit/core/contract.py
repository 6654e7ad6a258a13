"""What a stage takes and gives, as annotations of its contract.

``image: Grey | BGR`` or ``size: Annotated[int, Odd(3, 31)]`` says once what checks, edge cases, workloads, the floor and the
form of the output follow from. An annotation without such a mark says nothing: its parameter is the contract's own affair.
"""

from __future__ import annotations

import functools
import inspect
import math
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol, TypeVar, Union, get_args, get_origin

import numpy as np

from labkit.core.errors import UsageError, listed

Function = TypeVar("Function", bound=Callable[..., Any])
ORDERS = {1: "", 3: " BGR", 4: " BGRA"}


class Taken(Protocol):
    """What a parameter takes."""

    def check(self, name: str, value: Any) -> None:
        """Raise TypeError or UsageError that names the parameter, what came and what is taken."""


@dataclass(frozen=True)
class Image:
    """A picture: uint8 (h, w) with one channel, else (h, w, channels), C-contiguous; sides of ``least`` to ``most`` pixels."""

    channels: int
    least: int = 1
    most: int | None = None

    @property
    def wanted(self) -> str:
        shape = "(h, w)" if self.channels == 1 else f"(h, w, {self.channels})"
        return f"uint8 {shape}{ORDERS[self.channels]}"

    def fits(self, value: np.ndarray) -> bool:
        """Is it an array of this type and form, of whatever size?"""
        form = value.shape[2:] == (() if self.channels == 1 else (self.channels,))
        return value.dtype == np.uint8 and value.ndim >= 2 and form

    def check(self, name: str, value: Any) -> None:
        Either((self,)).check(name, value)

    def shape(self, height: int, width: int) -> tuple[int, ...]:
        """Of an array with so many rows and columns."""
        return (height, width) if self.channels == 1 else (height, width, self.channels)


@dataclass(frozen=True)
class Either:
    """One of several images: ``Grey | BGR``."""

    images: tuple[Image, ...]

    def check(self, name: str, value: Any) -> None:
        wanted = " or ".join(image.wanted for image in self.images)
        if not isinstance(value, np.ndarray):
            raise TypeError(f"{name} is a {type(value).__name__}; give a numpy array {wanted}")
        image = next((image for image in self.images if image.fits(value)), None)
        if image is None:
            raise UsageError(f"{name} is {value.dtype} {value.shape}; give {wanted}")
        low, high = min(value.shape[:2]), max(value.shape[:2])
        if low == 0:
            raise UsageError(
                f"{name} is empty: its shape is {value.shape}; give at least {image.least}×{image.least} pixel"
            )
        if low < image.least:
            raise UsageError(
                f"{name} is too small: its shape is {value.shape}; give at least {image.least} rows and columns"
            )
        if image.most is not None and high > image.most:
            raise UsageError(
                f"{name} is too large: its shape is {value.shape}; give at most {image.most} rows and columns"
            )
        if not value.flags.c_contiguous:
            raise UsageError(f"{name} is not C-contiguous; give numpy.ascontiguousarray({name})")


@dataclass(frozen=True)
class Array:
    """Any other array: of this dtype and shape (None: whatever length), C-contiguous; ``what`` says what is in it."""

    dtype: str
    shape: tuple[int | None, ...]
    what: str = ""

    @property
    def wanted(self) -> str:
        sides = ", ".join("n" if side is None else str(side) for side in self.shape)
        return f"{self.dtype} ({sides}{',' if len(self.shape) == 1 else ''}){self.what and ', ' + self.what}"

    def check(self, name: str, value: Any) -> None:
        if not isinstance(value, np.ndarray):
            raise TypeError(f"{name} is a {type(value).__name__}; give a numpy array {self.wanted}")
        fits = len(value.shape) == len(self.shape) and all(
            b in (None, a) for a, b in zip(value.shape, self.shape, strict=True)
        )
        if value.dtype != np.dtype(self.dtype) or not fits:
            raise UsageError(f"{name} is {value.dtype} {value.shape}; give {self.wanted}")
        if not value.flags.c_contiguous:
            raise UsageError(f"{name} is not C-contiguous; give numpy.ascontiguousarray({name})")


@dataclass(frozen=True)
class Whole:
    """An integer from ``low`` to ``high`` (None: without end)."""

    low: int
    high: int | None = None

    def check(self, name: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise TypeError(f"{name} is a {type(value).__name__}; give {self.wanted}")
        if value < self.low or (self.high is not None and value > self.high):
            raise UsageError(f"{name} is {value}; give {self.wanted}")

    @property
    def wanted(self) -> str:
        return f"an integer ≥ {self.low}" if self.high is None else f"an integer from {self.low} to {self.high}"


@dataclass(frozen=True)
class Odd(Whole):
    """An odd integer from ``low`` to ``high``."""

    def check(self, name: str, value: Any) -> None:
        super().check(name, value)
        if value % 2 == 0:
            raise UsageError(f"{name} is {value}; give {self.wanted}")

    @property
    def wanted(self) -> str:
        return super().wanted.replace("an integer", "an odd integer")


@dataclass(frozen=True)
class Real:
    """A finite number from ``low`` to ``high``; above ``low`` where ``above`` is set."""

    low: float = -math.inf
    high: float = math.inf
    above: bool = False

    def check(self, name: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
            raise TypeError(f"{name} is a {type(value).__name__}; give {self.wanted}")
        inside = self.low < value <= self.high if self.above else self.low <= value <= self.high
        if not (inside and math.isfinite(value)):
            raise UsageError(f"{name} is {value}; give {self.wanted}")

    @property
    def wanted(self) -> str:
        low = f"above {self.low:g}" if self.above else "" if self.low == -math.inf else f"at least {self.low:g}"
        high = "" if self.high == math.inf else f"at most {self.high:g}"
        return ", ".join(["a finite number", *filter(None, (low, high))])


@dataclass(frozen=True)
class OneOf:
    """One of a few values."""

    values: tuple[Any, ...]

    def check(self, name: str, value: Any) -> None:
        if type(value) not in {type(one) for one in self.values} and not isinstance(value, np.integer):
            raise TypeError(f"{name} is a {type(value).__name__}; give one of: {listed(self.values)}")
        if value not in self.values:
            raise UsageError(f"{name} is {value!r}; give one of: {listed(self.values)}")


@dataclass(frozen=True)
class Drawn:
    """Random choices, an input like any other: what ``draw(seed, index)`` gives, or ``draw(seed, index, shape)`` of an image.

    ``draw`` is a function at the top of a module and gives a ``kind``; ``judge(choices)`` raises for values out of range.
    """

    kind: type
    draw: Callable[..., Any]
    judge: Callable[[Any], None] | None = None

    def check(self, name: str, value: Any) -> None:
        if not isinstance(value, self.kind):
            raise TypeError(f"{name} is a {type(value).__name__}; give {self.kind.__name__}, such as draw(seed, index)")
        if self.judge is not None:
            self.judge(value)

    def __call__(self, seed: int, index: int, shape: tuple[int, ...]) -> Any:
        """The choices for the image of this shape with this index."""
        return self.draw(seed, index, shape) if _takes_shape(self.draw) else self.draw(seed, index)


@functools.cache
def _takes_shape(draw: Callable[..., Any]) -> bool:
    return len(inspect.signature(draw).parameters) == 3


@dataclass(frozen=True)
class Same:
    """An output of its first input's dtype and shape."""


@dataclass(frozen=True)
class Shaped:
    """An output whose ``shape(*inputs)`` follows from the stage's inputs, of this dtype."""

    shape: Callable[..., tuple[int, ...]]
    dtype: str = "uint8"


Grey = Annotated[np.ndarray, Image(1)]
BGR = Annotated[np.ndarray, Image(3)]
BGRA = Annotated[np.ndarray, Image(4)]
SameShape = Annotated[np.ndarray, Same()]
Boxes = Annotated[np.ndarray, Array("float32", (None, 4, 2), "x, y of lt, rt, rb, lb")]
FileBytes = Annotated[np.ndarray, Array("uint8", (None,), "the bytes of one file: numpy.fromfile(path, 'uint8')")]


@dataclass(frozen=True)
class Terms:
    """A contract's annotations: what each marked parameter takes, and what comes out."""

    takes: Mapping[str, Any] = field(default_factory=dict)
    gives: Image | Same | Shaped | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    parameters: tuple[str, ...] = ()

    @property
    def images(self) -> tuple[Image, ...]:
        """What the first parameter takes, where that is an image."""
        taken = self.takes.get(self.parameters[0]) if self.parameters else None
        return taken.images if isinstance(taken, Either) else (taken,) if isinstance(taken, Image) else ()

    @property
    def drawn(self) -> Drawn | None:
        """The random choices that are among the parameters."""
        return next((taken for taken in self.takes.values() if isinstance(taken, Drawn)), None)

    @property
    def codes(self) -> dict[str, dict[Any, int]]:
        """For each parameter that takes one of a few words: their numbers, as a kernel in C is given them."""
        return {
            name: {value: number for number, value in enumerate(taken.values)}
            for name, taken in self.takes.items()
            if isinstance(taken, OneOf) and any(isinstance(value, str) for value in taken.values)
        }

    @property
    def of_one_image(self) -> bool:
        """Does it take an image, and beside it what is drawn or has a default? Then inputs can be made without more words."""
        rest = self.parameters[1:]
        known = all(name in self.defaults or isinstance(self.takes.get(name), Drawn) for name in rest)
        return bool(self.images) and known

    def check(self, arguments: Mapping[str, Any]) -> None:
        """Raise TypeError or UsageError for the first argument that is not what its parameter takes."""
        for name, taken in self.takes.items():
            taken.check(name, arguments[name])

    def output(self, *inputs: Any) -> np.ndarray:
        """An uninitialised array of the output's form, for complete inputs of the stage."""
        first: np.ndarray = inputs[0]
        if isinstance(self.gives, Shaped):
            return np.empty(self.gives.shape(*inputs), self.gives.dtype)
        if isinstance(self.gives, Image):
            return np.empty(self.gives.shape(*first.shape[:2]), np.uint8)
        return np.empty_like(first)

    def output_bytes(self, *inputs: Any) -> int | None:
        """How many bytes come out; None where the annotations don't tell."""
        if self.gives is None or not self.images:
            return None
        first: np.ndarray = inputs[0]
        if isinstance(self.gives, Shaped):
            return math.prod(self.gives.shape(*inputs)) * np.dtype(self.gives.dtype).itemsize
        if isinstance(self.gives, Image):
            return math.prod(self.gives.shape(*first.shape[:2]))
        return first.nbytes


def read_terms(contract: Callable[..., Any]) -> Terms:
    """The marks in a contract's annotations; without any, terms that say nothing.

    An annotation that names what is not there (imported for type checkers only, say) counts as unmarked. Raises UsageError for
    one that can't be evaluated otherwise.
    """
    signature = inspect.signature(contract)
    hints = {name: _evaluated(contract, name, said) for name, said in inspect.get_annotations(contract).items()}
    takes = {name: taken for name in signature.parameters if (taken := _mark(hints.get(name))) is not None}
    gives = _mark(hints.get("return"))
    defaults = {name: p.default for name, p in signature.parameters.items() if p.default is not inspect.Parameter.empty}
    return Terms(
        takes, gives if isinstance(gives, Image | Same | Shaped) else None, defaults, tuple(signature.parameters)
    )


def _evaluated(contract: Callable[..., Any], name: str, annotation: Any) -> Any:
    if not isinstance(annotation, str):
        return annotation
    try:
        return eval(annotation, getattr(inspect.unwrap(contract), "__globals__", {}))  # as inspect.get_annotations does
    except NameError:
        return None
    except Exception as error:
        raise UsageError(
            f"stage {contract.__name__}: the annotation of {name}, {annotation!r}, can't be evaluated: {error}"
        ) from error


def _mark(annotation: Any) -> Any:
    """The Taken (or Same, or Shaped) in an annotation: bare, in an Annotated, or several images joined by |."""
    if hasattr(annotation, "check") and not isinstance(annotation, type):
        return annotation
    if get_origin(annotation) is Annotated:
        return next((m for m in get_args(annotation)[1:] if hasattr(m, "check") or isinstance(m, Same | Shaped)), None)
    if get_origin(annotation) in (Union, types.UnionType):
        marks = [_mark(one) for one in get_args(annotation)]
        if marks and all(isinstance(mark, Image) for mark in marks):
            return Either(tuple(marks))
    return None


def checking(contract: Function, terms: Terms) -> Function:
    """The contract with the checks of its annotations in front of its own."""
    if not terms.takes:
        return contract
    signature = inspect.signature(contract)

    @functools.wraps(contract)
    def checked(*inputs: Any, **named: Any) -> None:
        bound = signature.bind(*inputs, **named)
        bound.apply_defaults()
        terms.check(bound.arguments)
        contract(*bound.args, **bound.kwargs)

    return checked  # type: ignore[return-value]
