"""The Python loop, compiled and otherwise left alone.

The talk's point: compiling gains little by itself. The bytecode is gone, but each step still makes int objects and asks
them how to add themselves. That holds for LLVM and gcc alike: no compiler sees through calls into the interpreter, so
this loop needs no protection from becoming a formula.
"""

from labkit.core import variant


def added(start, stop):
    """The sum of start … stop - 1, on Python objects."""
    total = 0
    for i in range(start, stop):
        total += i
    return total


@variant("cumulative_sum", kind="cython", partial=added)
def cython_untyped(n):
    """The for loop compiled without types: still one int object a step."""
    return added(0, n)
