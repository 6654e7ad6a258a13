"""How a stage is cut into parts that can be computed apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Split:
    """How a stage is cut into parts that can be computed apart.

    ``parts(count, *inputs)`` gives the argument tuples of at most ``count`` parts;
    ``combine(results, *inputs)`` makes the stage's output of the partial results.
    A variant runs under an engine when it brings a ``partial`` that maps one part to one partial result, or when
    ``partial_of`` makes one of its function.
    """

    along: str
    parts: Callable[..., list[tuple[Any, ...]]]
    combine: Callable[..., Any]
    partial_of: Callable[[Callable[..., Any]], Callable[..., Any]] | None = None


class Rows(Split):
    """A split by rows of the image, for stages that take one image and give one of as many rows.

    ``halo(*inputs)`` says how many rows above and below decide about one; none unless told. Every variant that does not use
    all cores by itself runs under the engines so, without words of its own: on each part with its halo, whose rows are left out.
    """

    def __init__(self, halo: Callable[..., int] | None = None) -> None:
        def parts(count: int, image: np.ndarray, *rest: Any) -> list[tuple[Any, ...]]:
            height, beside = len(image), 0 if halo is None else halo(image, *rest)
            edges = sorted({height * k // count for k in range(count + 1)})
            made = []
            for begin, end in zip(edges[:-1], edges[1:], strict=True):
                top, bottom = max(0, begin - beside), min(height, end + beside)
                made.append((begin - top, end - top, image[top:bottom], *rest))
            return made

        super().__init__("rows", parts, lambda results, *inputs: np.concatenate(results), RowsOf)


@dataclass(frozen=True)
class RowsOf:
    """A variant on one part of :class:`Rows`. Pickles with its function."""

    function: Callable[..., np.ndarray]

    def __call__(self, begin: int, end: int, image: np.ndarray, *rest: Any) -> np.ndarray:
        return self.function(image, *rest)[begin:end]
