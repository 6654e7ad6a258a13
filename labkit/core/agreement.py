"""Does one output agree with another: exactly, or within a declared tolerance?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np


@dataclass(frozen=True)
class Difference:
    """What differs between an output and the reference's, and where.

    ``where`` is the path into the output (``[0]``, ``.panel``), ``index`` the first differing element.
    """

    where: str
    what: str
    index: tuple[int, ...] | None = None
    count: int | None = None
    size: int | None = None
    largest: float | None = None

    def __str__(self) -> str:
        text = f"output{self.where}: {self.what}"
        if self.count is not None:
            text += f" in {self.count:,} of {self.size:,} elements"
        if self.index is not None:
            text += f", first at {self.index}"
        if self.largest is not None:
            text += f", by up to {self.largest:g}"
        return text


class Agreement(Protocol):
    """A rule by which two outputs agree."""

    def difference(self, output: Any, expected: Any) -> Difference | None: ...


@dataclass(frozen=True)
class Exact:
    """Same dtypes and shapes, and the same values; NaN agrees with NaN."""

    def difference(self, output: Any, expected: Any) -> Difference | None:
        return _compare(output, expected, "", tolerance=0.0)


@dataclass(frozen=True)
class Within:
    """Same dtypes and shapes; numbers differ by at most ``tolerance`` (absolute, in the output's unit)."""

    tolerance: float

    def __post_init__(self) -> None:
        if not self.tolerance >= 0:
            raise ValueError(f"tolerance is {self.tolerance}; give 0 or a positive number")

    def difference(self, output: Any, expected: Any) -> Difference | None:
        return _compare(output, expected, "", self.tolerance)


def arrays(value: Any, where: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Every array inside a (nested) output or input, with its path."""
    if isinstance(value, np.ndarray):
        yield where, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from arrays(inner, f"{where}[{key!r}]")
    elif isinstance(value, tuple | list):
        for name, inner in elements(value):
            yield from arrays(inner, where + name)


def elements(value: tuple[Any, ...] | list[Any]) -> list[tuple[str, Any]]:
    """The elements of a list or tuple with their paths: ``[0]``, or ``.panel`` in a named tuple."""
    fields = getattr(value, "_fields", None)
    return [(f".{fields[i]}" if fields else f"[{i}]", inner) for i, inner in enumerate(value)]


def _compare(output: Any, expected: Any, where: str, tolerance: float) -> Difference | None:
    if isinstance(expected, np.ndarray):
        return _compare_arrays(output, expected, where, tolerance)
    if isinstance(expected, dict):
        if type(output) is not type(expected) or output.keys() != expected.keys():
            return Difference(where, f"has keys {_keys(output)}, expected {_keys(expected)}")
        pairs = [(f"[{key!r}]", output[key], expected[key]) for key in expected]
    elif isinstance(expected, tuple | list):
        if not isinstance(output, tuple | list) or len(output) != len(expected):
            return Difference(where, f"is {_shape_of(output)}, expected {_shape_of(expected)}")
        pairs = [(name, output[i], inner) for i, (name, inner) in enumerate(elements(expected))]
    elif isinstance(expected, float | np.floating):
        close = isinstance(output, float | np.floating) and (
            output == expected
            or abs(float(output) - float(expected)) <= tolerance
            or (output != output and expected != expected)
        )
        return None if close else Difference(where, f"is {output!r}, expected {expected!r}")
    else:
        same = type(output) is type(expected) and output == expected
        return None if same else Difference(where, f"is {output!r:.60}, expected {expected!r:.60}")
    for name, a, b in pairs:
        found = _compare(a, b, where + name, tolerance)
        if found:
            return found
    return None


def _compare_arrays(output: Any, expected: np.ndarray, where: str, tolerance: float) -> Difference | None:
    if type(output) is not np.ndarray:
        return Difference(where, f"is a {type(output).__module__}.{type(output).__name__}, expected a numpy.ndarray")
    if output.dtype != expected.dtype:
        return Difference(where, f"has dtype {output.dtype}, expected {expected.dtype}")
    if output.shape != expected.shape:
        return Difference(where, f"has shape {output.shape}, expected {expected.shape}")
    if expected.dtype.kind in "fc":
        stray = np.isnan(output) & ~np.isnan(expected)
        if stray.any():
            return _located(where, "is NaN", stray, None)
    if tolerance == 0.0:
        unequal = output != expected
        if expected.dtype.kind in "fc":
            unequal &= ~(np.isnan(output) & np.isnan(expected))
        gap: np.ndarray | None = None
    else:
        gap = _gap(output, expected)
        unequal = (output != expected) & ~(gap <= tolerance) & ~((output != output) & (expected != expected))
    if not unequal.any():
        return None
    if gap is None and expected.dtype.kind in "biufc":
        gap = _gap(output, expected)
    return _located(where, "differs", unequal, gap)


def _gap(output: np.ndarray, expected: np.ndarray) -> np.ndarray:
    wide = np.complex128 if expected.dtype.kind == "c" else np.float64
    with np.errstate(invalid="ignore"):  # ∞ - ∞
        gap: np.ndarray = np.abs(output.astype(wide) - expected.astype(wide))
    return gap


def _located(where: str, what: str, mask: np.ndarray, gap: np.ndarray | None) -> Difference:
    first = tuple(int(i) for i in np.unravel_index(int(np.argmax(mask)), mask.shape))
    largest = None if gap is None else float(np.max(gap[mask]))
    return Difference(where, what, first, int(np.count_nonzero(mask)), mask.size, largest)


def _keys(value: Any) -> str:
    return str(sorted(value, key=str)) if isinstance(value, dict) else f"of a {type(value).__name__}"


def _shape_of(value: Any) -> str:
    return f"{type(value).__name__} of {len(value)}" if isinstance(value, tuple | list) else type(value).__name__
