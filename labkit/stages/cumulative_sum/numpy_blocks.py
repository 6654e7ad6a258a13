"""NumPy has no loop without an array: so write the integers down and add them up, all at once or block by block.

All at once, memory is what one waits for: the array is new each time, and the kernel of the operating system must find
and clear its pages (10 million integers, 80 MB: 27.8 ms). A block that stays in the second-level cache and is moved on
in place by its own length takes 3.6 ms for the same, though it does two operations an integer as well. Blocks of 2**11
integers took 15.5 ms (NumPy's calls), of 2**15 3.6, of 2**16 3.2, of 2**18 6.9 (the cache ends); 2**15 leaves room on
processors with less cache.
"""

from __future__ import annotations

import numpy as np

from labkit.core import variant
from labkit.core.errors import NotOffered

BLOCK = 1 << 15  # 256 KiB of int64
LARGEST_ARRAY = 1 << 28  # 2 GiB of int64


def sum_of_array(start: int, stop: int) -> int:
    """The sum of start … stop - 1 by one array. Raises NotOffered above 2 GiB."""
    if stop - start > LARGEST_ARRAY:
        raise NotOffered(
            f"{stop - start} integers would be an array of {(stop - start) * 8 / 2**30:.1f} GiB; up to 2 GiB are offered"
        )
    return int(np.arange(start, stop, dtype=np.int64).sum())


def sum_of_blocks(start: int, stop: int) -> int:
    """The sum of start … stop - 1 by one block that is moved on in place."""
    whole, rest = divmod(max(stop - start, 0), BLOCK)
    block = np.arange(start, start + (BLOCK if whole else rest), dtype=np.int64)
    total = 0
    for _ in range(whole):
        total += int(block.sum())
        block += BLOCK
    return total + int(block[:rest].sum())


@variant("cumulative_sum", kind="numpy", partial=sum_of_array)
def numpy_array(n: int) -> int:
    """np.arange(n).sum(): one array of all integers, 8 bytes each."""
    return sum_of_array(0, n)


@variant("cumulative_sum", kind="numpy", partial=sum_of_blocks)
def numpy_blocks(n: int) -> int:
    """A block of 32,768 integers in the cache, summed and moved on in place."""
    return sum_of_blocks(0, n)
