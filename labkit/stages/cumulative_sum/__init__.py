"""Stage ``cumulative_sum``: add up 0, 1, 2 … n - 1. There is nothing in it but a loop: what does a loop cost where?

Read the files in this order to see it get cheaper: python, numpy_blocks, numba_loop, cython_untyped, cython_loop, c_api,
native, gpu.

The rule of this stage: every integer is added. Compilers know n·(n - 1) / 2 too, and where they see through the loop
they put the formula in its place; that is quick, and says nothing about loops. Each compiled file tells how it keeps its
loop, and tests/stages/test_cumulative_sum.py shows that ten times the integers take longer, not equally long.
"""

from __future__ import annotations

from labkit.core import Exact, Split, UsageError, stage
from labkit.stages.cumulative_sum import workloads

LARGEST = 4_000_000_000  # its sum, 7_999_999_998_000_000_000, is within int64


def ranges(count: int, n: int) -> list[tuple[int, int]]:
    """The integers below n as at most ``count`` ranges (start, stop), none of them empty unless n is 0."""
    edges = [n * k // count for k in range(count + 1)]
    return [(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True) if b > a] or [(0, 0)]


def total(parts: list[int], n: int) -> int:
    """The sum of the sums of all ranges."""
    return sum(parts)


@stage(
    reference="python",
    workloads=workloads.ALL,
    edge_cases=workloads.edge_cases,
    agreement=Exact(),
    split=Split("range", ranges, total),
    empty_cells={"library": "libraries sum arrays that exist; NumPy, PyTorch and Python's own sum() have their cells"},
)
def cumulative_sum(n: int) -> None:
    """The sum of the integers 0 … n - 1, added one after another: what a loop costs in each language.

    Parameters
    ----------
    n : int, 0 ≤ n ≤ 4,000,000,000, so that the sum fits int64. A Python int and nothing like it: NumPy's integers are
        refused, because arithmetic on a small one of them (``numpy.int32``) overflows where a Python int does not.

    Returns
    -------
    int : a Python int; 0 for n = 0 and n = 1.

    Raises
    ------
    TypeError : n is no Python int, or a bool.
    ValueError : n < 0 or n > 4,000,000,000.
    NotOffered : (from ``numpy_array``) an array of n integers would take more than 2 GiB.

    A variant must not compute n·(n - 1) / 2. Source: a 2023 industry talk on speeding up image translation in Python.
    """
    if isinstance(n, bool) or not isinstance(n, int):
        raise TypeError(f"n is a {_kind_of(n)}; give a Python int from 0 to {LARGEST}")
    if not 0 <= n <= LARGEST:
        raise UsageError(f"n is {n}; give an integer from 0 to {LARGEST}: its sum must fit int64")


def _kind_of(value: object) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
