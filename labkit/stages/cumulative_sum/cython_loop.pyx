"""The same loop with types: three declarations, and the integers are machine words in vector registers.

gcc 12 keeps the loop (-O3; seen in the disassembly: ``vpaddq`` on four integers a step) as long as the bounds are not
constants; of constant bounds it too computes the result. clang (22) puts n·(n - 1) / 2 in the loop's place: for it
``nothing`` is a volatile 0 that it can't know (see numba_loop), and it loops (10**8 integers: 9.2 ms). For gcc it is a
constant and costs nothing (10.2 ms; were it volatile, 16). An empty ``asm`` statement in the loop would keep it for any
compiler, but one integer at a time (32 ms).
"""

from libc.stdint cimport int64_t

from labkit.core import variant

cdef extern from *:
    """
    #ifdef __clang__
    static volatile int64_t nothing = 0;
    #else
    static const int64_t nothing = 0;
    #endif
    """
    int64_t nothing


def added(int64_t start, int64_t stop):
    """The sum of start … stop - 1, without the GIL."""
    cdef int64_t i, total = 0, zero = nothing
    with nogil:
        for i in range(start, stop):
            total += i ^ zero
    return total


@variant("cumulative_sum", kind="cython", partial=added)
def cython_loop(n):
    """The for loop with typed variables, compiled by the C compiler; one thread."""
    return added(0, n)
