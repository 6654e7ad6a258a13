"""The inputs of ``cumulative_sum``: how far the loop runs."""

from __future__ import annotations

from labkit.core import Workload


def edge_cases() -> dict[str, tuple[int]]:
    """Where loops go wrong: nothing to add, the ends of vectors and blocks, sums beyond 31 and 32 bits."""
    numbers = [0, 1, 2, 3, 15, 16, 17, 31, 33, 1_000, 32_767, 32_768, 32_769]
    return {str(n): (n,) for n in numbers} | {
        "sum_just_below_31_bits": (65_536,),
        "sum_just_beyond_31_bits": (65_537,),
        "sum_just_below_32_bits": (92_682,),
        "sum_just_beyond_32_bits": (92_683,),
        "enough_for_two_threads": (600_011,),
    }


def _load(name: str, n: int, summary: str) -> Workload:
    return Workload(name, lambda: (n,), summary, lambda: (n - 3,))  # an odd rest for every vector and every block


ALL = [
    _load("million", 10**6, "0 … 999,999: a big image's worth of loop steps"),
    _load("ten_million", 10**7, "0 … 9,999,999"),
    _load("hundred_million", 10**8, "0 … 99,999,999: the talk's size; pure Python takes seconds here"),
]
