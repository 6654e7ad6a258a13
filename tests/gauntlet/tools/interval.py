"""The interval that two printed intervals imply for their quotient."""

from __future__ import annotations

Ends = tuple[float, float]


def overlap(one: Ends, other: Ends) -> bool:
    """Have two closed intervals a point in common?"""
    return one[0] <= other[1] and other[0] <= one[1]


def quotient(one: Ends, other: Ends) -> tuple[float | None, float | None]:
    """All values of a/b with a in ``one`` and b in ``other``: the slowest reading of one against the fastest of the other.

    It holds 1 exactly when the two overlap. None for both ends where ``other`` reaches down to nothing.
    """
    if other[0] <= 0:
        return None, None
    return one[0] / other[1], one[1] / other[0]
