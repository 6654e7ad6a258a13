"""No library at all. What every other file must agree with, and what they must beat.

Each step of the ``for`` loop makes an int object, interprets an addition and makes the int object of the sum, for the
two or three instructions that the work itself takes. ``sum`` runs the same loop inside the interpreter, without
bytecode, and keeps a small sum in a C long: that is all that can be had without leaving Python.
"""

from __future__ import annotations

from labkit.core import variant


def looped(start: int, stop: int) -> int:
    """The sum of start … stop - 1 by a for loop."""
    total = 0
    for i in range(start, stop):
        total += i
    return total


def summed(start: int, stop: int) -> int:
    """The sum of start … stop - 1 by Python's sum."""
    return sum(range(start, stop))


@variant("cumulative_sum", kind="python", partial=looped)
def python(n: int) -> int:
    """The talk's for loop: one int object a step."""
    return looped(0, n)


@variant("cumulative_sum", kind="python", partial=summed)
def builtin_sum(n: int) -> int:
    """sum(range(n)): the loop runs in C, the ints are still objects."""
    return summed(0, n)
