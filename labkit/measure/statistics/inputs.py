"""What the public face takes: each check names the argument, what came and what is taken."""

import operator
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Sides = Literal[1, 2]


def whole_number(argument: str, value: object, least: int) -> int:
    """``value`` as an int of at least ``least``, else ValueError."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = least - 1
    if number < least or isinstance(value, bool):
        raise ValueError(f"{argument} is {value!r}; taken is a whole number of at least {least}")
    return number


def fraction(argument: str, value: float) -> float:
    """``value`` as a float strictly between 0 and 1, else ValueError."""
    if not 0.0 < value < 1.0:
        raise ValueError(f"{argument} is {value!r}; taken is a number between 0 and 1, both excluded")
    return float(value)


def positive(argument: str, value: float) -> float:
    """``value`` as a finite float above 0, else ValueError."""
    if not 0.0 < value < float("inf"):
        raise ValueError(f"{argument} is {value!r}; taken is a finite number above 0")
    return float(value)


def one_or_two(argument: str, value: int) -> Sides:
    """The number of sides of an interval, else ValueError."""
    if value not in (1, 2):
        raise ValueError(f"{argument} is {value!r}; taken is 1 (a lower bound) or 2 (an interval)")
    return 1 if value == 1 else 2


def launch_counts(argument: str, counts: Sequence[int]) -> tuple[int, ...]:
    """Numbers of launches that never fall, at least one of them, else ValueError."""
    numbers = tuple(whole_number(argument, count, 0) for count in counts)
    if not numbers or list(numbers) != sorted(numbers):
        raise ValueError(f"{argument} is {tuple(counts)!r}; taken are one or more numbers of launches that never fall")
    return numbers


def planned_looks(argument: str, looks: Sequence[int]) -> tuple[int, ...]:
    """Numbers of launches that rise from look to look, from 1 up, else ValueError."""
    numbers = launch_counts(argument, looks)
    if numbers[0] < 1 or len(set(numbers)) < len(numbers):
        raise ValueError(
            f"{argument} is {tuple(looks)!r}; taken are numbers of launches, from 1 up, each above the last"
        )
    return numbers


def log_ratios(
    argument: str, values: ArrayLike, *, dimensions: int | None = 1, nan: bool = True
) -> NDArray[np.float64]:
    """Log ratios as float64: finite, or NaN (did not run) where ``nan`` allows it, else ValueError."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 0 or (dimensions is not None and array.ndim != dimensions):
        raise ValueError(f"{argument} has {array.ndim} dimensions; taken is {dimensions or 'at least one'}")
    if np.isinf(array).any() or not (nan or np.isfinite(array).all()):
        raise ValueError(
            f"{argument} holds {'inf' if nan else 'inf or NaN'}; taken are finite log ratios{' or NaN' * nan}"
        )
    return array
