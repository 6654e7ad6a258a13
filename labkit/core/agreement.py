"""Does one output agree with another: exactly, or within a declared tolerance?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from labkit.core.parts import Parts, Yielded, identity_alone, name_of, parts


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


ENOUGH_VALUES = 64  # of fewer a mean says little
ROUNDING = 0.6  # levels: rounding up or down makes a mean difference of half a level

Judge = Callable[[np.ndarray, np.ndarray, str], Difference | None]


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
    """Same dtypes and shapes; numbers differ by at most ``tolerance`` (absolute, in the output's unit), and mostly by far less.

    A tolerance is for the few values that lie worst. So in an array of 64 values or more |difference| may be at most ``mean`` on
    average: unless said otherwise an eighth of the tolerance, and 0.6 of whole numbers, which may be rounded another way. Then
    no more than a quarter of the values can be further off than half the tolerance. ``mean=tolerance`` takes any.
    """

    tolerance: float
    mean: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("tolerance", self.tolerance), ("mean", self.mean)):
            if value is not None and not value >= 0:
                raise ValueError(f"{name} is {value}; give 0 or a positive number")

    def difference(self, output: Any, expected: Any) -> Difference | None:
        return _compare(output, expected, "", self.tolerance, self._beyond)

    def _beyond(self, output: np.ndarray, expected: np.ndarray, where: str) -> Difference | None:
        unequal = _unequal(output, expected)
        if not unequal.any():
            return None
        gap = _gap(output, expected)
        if (far := unequal & ~(gap <= self.tolerance)).any():
            return _located(where, "differs", far, gap)
        if gap.size < ENOUGH_VALUES:
            return None
        most = (
            max(self.tolerance / 8, ROUNDING if expected.dtype.kind in "biu" else 0.0)
            if self.mean is None
            else self.mean
        )
        reached = float(np.mean(gap, where=unequal, dtype=np.float64)) * np.count_nonzero(unequal) / gap.size
        if reached <= most:
            return None
        words = (
            f"differs by {reached:.3g} on average, more than {most:.3g} (each value is within {self.tolerance:g}; "
            f"if that is meant: Within({self.tolerance:g}, mean={reached:.2g})):"
        )
        return _located(where, words, unequal, gap)


@dataclass(frozen=True)
class Share:
    """Same dtypes and shapes; of each array at most a ``share`` (0 to 1) of the elements differs by more than ``levels``.

    For edges, clusters and thresholds, where a value that is off by a little may fall on the other side.
    """

    share: float
    levels: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1 or not self.levels >= 0:
            raise ValueError(f"share is {self.share} and levels {self.levels}; give 0 to 1, and 0 or a positive number")

    def difference(self, output: Any, expected: Any) -> Difference | None:
        return _compare(output, expected, "", 0.0, self._beyond)

    def _beyond(self, output: np.ndarray, expected: np.ndarray, where: str) -> Difference | None:
        far = _gap(output, expected) > self.levels
        if np.count_nonzero(far) <= self.share * far.size:
            return None
        words = f"differs by more than {self.levels:g} in more than {self.share:.3%} of all elements:"
        return _located(where, words, far, _gap(output, expected))


@dataclass(frozen=True)
class Psnr:
    """Same dtypes and shapes; of each uint8 array the peak signal-to-noise ratio is at least ``decibels``.

    10·log10(255² / mean squared difference), the usual measure of how alike two pictures look; 30 dB is a mean difference of 8.
    """

    decibels: float

    def difference(self, output: Any, expected: Any) -> Difference | None:
        return _compare(output, expected, "", 0.0, self._below)

    def _below(self, output: np.ndarray, expected: np.ndarray, where: str) -> Difference | None:
        gap = _gap(output, expected)
        mean_square = float(np.mean(np.square(gap, dtype=np.float64))) if gap.size else 0.0
        if mean_square == 0 or (reached := 10 * math.log10(255**2 / mean_square)) >= self.decibels:
            return None
        words = f"is like the expected by {reached:.1f} dB, less than {self.decibels:g} dB; differs"
        return _located(where, words, gap > 0, gap)


@dataclass(frozen=True)
class OutsideMask:
    """Exact where ``mask(*inputs)`` is zero; where it is not, as ``inside`` says (None: anything that is not NaN).

    For what fills holes: outside of them not a pixel may change. ``mask`` gives (h, w) of the output's rows and columns.
    """

    mask: Callable[..., np.ndarray]
    inside: Agreement | None = None

    def difference(self, output: Any, expected: Any) -> Difference | None:
        """Without inputs there is no mask: everything must agree exactly."""
        return Exact().difference(output, expected)

    def given(self, *inputs: Any) -> Agreement:
        """The rule for these inputs."""
        return _Masked(self.mask(*inputs) != 0, self.inside)


@dataclass(frozen=True)
class _Masked:
    hole: np.ndarray
    inside: Agreement | None

    def difference(self, output: Any, expected: Any) -> Difference | None:
        return _compare(output, expected, "", 0.0, self._of_array) or (
            self.inside.difference(output, expected) if self.inside else None
        )

    def _of_array(self, output: np.ndarray, expected: np.ndarray, where: str) -> Difference | None:
        hole = self.hole.reshape(self.hole.shape + (1,) * (expected.ndim - self.hole.ndim))
        outside = (output != expected) & ~hole
        if not outside.any():
            return None
        return _located(where, "differs outside of the mask", outside, _gap(output, expected))


def rule_for(agreement: Agreement, inputs: tuple[Any, ...]) -> Agreement:
    """The agreement as it holds for these inputs: some look at them."""
    given = getattr(agreement, "given", None)
    return given(*inputs) if given is not None else agreement


def _compare(output: Any, expected: Any, where: str, tolerance: float, judge: Judge | None = None) -> Difference | None:
    """The first difference; of arrays of the same dtype and shape ``judge`` decides, where it is given."""
    wanted = parts(expected, objects=True)
    if wanted is not None:
        return _compare_parts(output, expected, wanted, where, tolerance, judge)
    if isinstance(expected, np.ndarray):
        return _compare_arrays(output, expected, where, judge)
    if isinstance(expected, float | np.floating):
        close = isinstance(output, float | np.floating) and (
            output == expected
            or abs(float(output) - float(expected)) <= tolerance
            or (output != output and expected != expected)
        )
        return None if close else Difference(where, f"is {output!r:.60}, expected {expected!r}")
    if type(output) is type(expected) and _equal(output, expected):
        return None
    if identity_alone(expected):
        return Difference(where, f"is a {name_of(output)}, which can't be compared with a {name_of(expected)}")
    return Difference(where, f"is {output!r:.60}, expected {expected!r:.60}")


def _compare_parts(
    output: Any, expected: Any, wanted: Parts, where: str, tolerance: float, judge: Judge | None
) -> Difference | None:
    made = parts(output, objects=True)
    if made is None or made.kind != wanted.kind:
        return Difference(where, _unlike(output, made, expected, wanted))
    given = dict(made.inner) if isinstance(expected, dict) else None
    for number, (name, inner) in enumerate(wanted.inner):
        part = given[name] if given is not None else made.inner[number][1]
        found = _compare(part, inner, where + name, tolerance, judge)
        if found:
            return found
    return None


def _unlike(output: Any, made: Parts | None, expected: Any, wanted: Parts) -> str:
    if isinstance(expected, dict):
        keys = sorted(output, key=str) if isinstance(output, dict) else f"of a {type(output).__name__}"
        return f"has keys {keys}, expected {sorted(expected, key=str)}"
    text = f"is {made.told if made else type(output).__name__}, expected {wanted.told}"
    unread = isinstance(output, Yielded) and "; nothing is computed yet when an iterator comes back: return list(...)"
    return text + (unread or "")


def _equal(output: Any, expected: Any) -> bool:
    """Are they equal, by their own word?"""
    try:
        return output is expected or bool(np.all(output == expected))
    except Exception:
        return False


def _compare_arrays(output: Any, expected: np.ndarray, where: str, judge: Judge | None) -> Difference | None:
    if type(output) is not np.ndarray:
        return Difference(where, f"is {_told(output)}, expected a numpy.ndarray")
    if output.dtype != expected.dtype:
        return Difference(where, f"has dtype {output.dtype}, expected {expected.dtype}")
    if output.shape != expected.shape:
        return Difference(where, f"has shape {output.shape}, expected {expected.shape}")
    numbers = expected.dtype.kind in "biufc"
    if numbers and np.array_equal(output, expected):  # before what takes eight bytes a number
        return None
    if expected.dtype.kind in "fc":
        stray = np.isnan(output) & ~np.isnan(expected)
        if stray.any():
            return _located(where, "is NaN", stray, None)
    if judge is not None and numbers:
        return judge(output, expected, where)
    unequal = _unequal(output, expected)
    if not unequal.any():
        return None
    return _located(where, "differs", unequal, _gap(output, expected) if numbers else None)


def _unequal(output: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Where two arrays differ; NaN agrees with NaN."""
    unequal: np.ndarray = output != expected
    if expected.dtype.kind in "fcmM" and unequal.any():
        unequal &= ~((output != output) & (expected != expected))
    return unequal


def _gap(output: np.ndarray, expected: np.ndarray) -> np.ndarray:
    small = expected.dtype.kind in "biu" and expected.dtype.itemsize <= 2  # float32 holds each of their differences
    wide = np.complex128 if expected.dtype.kind == "c" else np.float32 if small else np.float64
    with np.errstate(invalid="ignore"):  # ∞ - ∞
        gap: np.ndarray = np.abs(output.astype(wide) - expected.astype(wide))
    return gap


def _located(where: str, what: str, mask: np.ndarray, gap: np.ndarray | None) -> Difference:
    first = tuple(int(i) for i in np.unravel_index(int(np.argmax(mask)), mask.shape))
    largest = None if gap is None else float(np.max(gap[mask]))
    return Difference(where, what, first, int(np.count_nonzero(mask)), mask.size, largest)


def _told(value: Any) -> str:
    made = parts(value)
    return made.told if isinstance(value, Yielded) and made else f"a {name_of(value)}"
