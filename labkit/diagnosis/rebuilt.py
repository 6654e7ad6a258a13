"""Work rebuilt for every image: what is called with the same arguments, and gives the same, whatever the image is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labkit.diagnosis.likeness import leaves
from labkit.diagnosis.trace import Called, Line

COMMON = {0, 1, -1, 2, 255}  # numbers that say nothing of where they come from


@dataclass(frozen=True)
class Rebuilt:
    """A function called alike in calls on different inputs: how often in one of them, and for how many nanoseconds.

    The nanoseconds are those of the quicker of both calls: whoever else had the CPU meanwhile is no work of it.
    """

    name: str
    line: Line
    times: int
    ns: int


def rebuilt(one: Sequence[Called], other: Sequence[Called], inputs: Sequence[Any]) -> list[Rebuilt]:
    """What two calls of an arm, on ``inputs`` and on other content, did alike; the dearest first.

    That is what a line calls with the same arguments each time, in both, and gets the same from. Left out is what was given
    an input's part, or a number that is one of its sizes: it would not be the same for any image.
    """
    given = _Inputs(inputs)
    seen: dict[tuple[str, Line], set[Any]] = defaultdict(set)
    for call in (*one, *other):
        seen[call.name, call.line].add((call.what, call.result) if _told(call) else call)
    firsts = {(call.name, call.line): call for call in other}
    steady = {
        place
        for place, first in firsts.items()
        if len(seen[place]) == 1 and _told(first) and not given.shows_in(first.given)
    }
    alike: set[int] = set()
    found: dict[tuple[str, Line], list[int]] = defaultdict(list)
    for call in one:  # in the order of their beginning: what calls others comes before them
        place = call.name, call.line
        if call.outer is not None and id(call.outer) in alike:
            alike.add(id(call))
        elif place in steady:
            alike.add(id(call))
            found[place].append(call.ns)
    again = {place: sum(call.ns for call in other if (call.name, call.line) == place) for place in found}
    sums = [Rebuilt(*place, len(spent), min(sum(spent), again[place])) for place, spent in found.items()]
    return sorted(sums, key=lambda each: -each.ns)


def _told(call: Called) -> bool:
    """Is it known what was called and what came of it? What gives nothing back does something else than to build."""
    return call.what is not None and call.result is not None


class _Inputs:
    """What an arm was given: its arrays, its plain values, and the sizes of its arrays."""

    def __init__(self, inputs: Sequence[Any]) -> None:
        parts = leaves(list(inputs))
        self._arrays = [part for part in parts if isinstance(part, np.ndarray)]
        self._sizes = {n for array in self._arrays for n in (*array.shape, array.size, array.nbytes)} - COMMON
        plain = {_text(part) for part in parts if not isinstance(part, np.ndarray | bool | type(None))}
        self._plain = plain - {repr(number) for number in COMMON}

    def shows_in(self, given: Sequence[Any]) -> bool:
        return any(self._is_part(leaf) for leaf in leaves(list(given)))

    def _is_part(self, leaf: Any) -> bool:
        if isinstance(leaf, np.ndarray):
            sized = bool(self._sizes.intersection(leaf.shape) - set(range(16)))
            return sized or any(np.may_share_memory(leaf, array) for array in self._arrays)
        if isinstance(leaf, bool | type(None)):
            return False
        return _text(leaf) in self._plain or (isinstance(leaf, int | np.integer) and int(leaf) in self._sizes)


def _text(value: Any) -> str:
    return repr(value.item() if isinstance(value, np.generic) else value)
