# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""A plain copy of bytes, in threads: the limit that stages are set against."""

from cython.parallel import prange
from libc.string cimport memcpy

cdef Py_ssize_t PAGE = 4096  # shares begin on pages, so that threads never share one


def copy(unsigned char[::1] target, const unsigned char[::1] source, int threads):
    """Copy source to target, both uint8 (n,), with `threads` threads, each its own contiguous share.

    Raises ValueError where they differ in size.
    """
    cdef Py_ssize_t size = source.shape[0], share = (size // threads // PAGE + 1) * PAGE, begin
    cdef int part
    if target.shape[0] != size:
        raise ValueError("target and source differ in size")
    if threads == 1 and size:
        with nogil:
            memcpy(&target[0], &source[0], size)
        return
    for part in prange(threads, nogil=True, num_threads=threads, schedule="static", chunksize=1):
        begin = min(size, part * share)
        if begin < size:
            memcpy(&target[begin], &source[begin], min(size, begin + share) - begin)
