# cython: boundscheck=False, wraparound=False, cdivision=True
"""Typed loops in Cython, without the GIL: grey levels, counts, Otsu's threshold, the majority in place.

The C compiler makes vectors of the majority's loops by itself; the counting stays a store a pixel.
"""

import numpy as np

cimport numpy as cnp
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from labkit.core import variant

# A fused multiply-add rounds once where OpenCV rounds twice, and decides otherwise between equally good thresholds.
cdef extern from *:
    """
    #if defined(__clang__)
    #pragma STDC FP_CONTRACT OFF
    #elif defined(__GNUC__)
    #pragma GCC optimize("fp-contract=off")
    #endif
    """

cnp.import_array()

cdef enum:
    BLUE = 3735
    GREEN = 19235
    RED = 9798
    SHIFT = 15
    BLOCK = 4096  # pixels

cdef double LEAST = 1.0 / (1 << 23)  # FLT_EPSILON, as in otsu.py


cdef void count(const uint8_t* pixels, int64_t number, uint8_t* grey, uint32_t* counts) noexcept nogil:
    """Grey levels, and how often each occurs in four tables: neighbours are often alike and would wait for one another."""
    cdef int64_t begin = 0, end, k
    while begin < number:  # a block stays in the first-level cache
        end = min(begin + BLOCK, number)
        for k in range(begin, end):  # vectors, as no counter is in the way
            grey[k] = <uint8_t>(
                (BLUE * pixels[3 * k] + GREEN * pixels[3 * k + 1] + RED * pixels[3 * k + 2] + (1 << (SHIFT - 1))) >> SHIFT
            )
        for k in range(begin, end):
            counts[256 * (k & 3) + grey[k]] += 1
        begin = end


cdef int threshold(const uint32_t* counts) noexcept nogil:
    """otsu.threshold, operation by operation."""
    cdef int64_t histogram[256]
    cdef int64_t number = 0, total = 0
    cdef double share, mean, part, above, high, variance
    cdef double low = 0, below = 0, largest = 0
    cdef int level, best = 0
    for level in range(256):
        histogram[level] = <int64_t>counts[level] + counts[256 + level] + counts[512 + level] + counts[768 + level]
        number += histogram[level]
        total += level * histogram[level]
    share = 1.0 / <double>number
    mean = <double>total * share
    for level in range(256):
        part = <double>histogram[level] * share
        low *= below
        below += part
        above = 1.0 - below
        if min(below, above) < LEAST or max(below, above) > 1.0 - LEAST:
            continue
        low = (low + level * part) / below
        high = (mean - below * low) / above
        variance = below * above * (low - high) * (low - high)
        if variance > largest:
            largest, best = variance, level
    return best


cdef void read(const uint8_t* grey, int64_t width, int cut, uint8_t* white) noexcept nogil:
    """A row as ones and zeros between two that repeat its ends."""
    cdef int64_t x
    for x in range(width):
        white[x + 1] = grey[x] > cut
    white[0] = white[1]
    white[width + 1] = white[width]


cdef void denoise(uint8_t* grey, int64_t height, int64_t width, int cut, uint8_t* room) noexcept nogil:
    """Black and white in place of grey levels; ``room`` takes four rows of width + 2 bytes."""
    cdef uint8_t *upper = room
    cdef uint8_t *middle = upper + width + 2
    cdef uint8_t *lower = middle + width + 2
    cdef uint8_t *columns = lower + width + 2
    cdef uint8_t *out
    cdef uint8_t *free_row
    cdef int64_t x, y
    read(grey, width, cut, upper)
    read(grey, width, cut, middle)
    for y in range(height):
        read(grey + (y + 1 if y + 1 < height else y) * width, width, cut, lower)
        for x in range(width + 2):
            columns[x] = upper[x] + middle[x] + lower[x]
        out = grey + y * width
        for x in range(width):
            out[x] = 255 if columns[x] + columns[x + 1] + columns[x + 2] >= 5 else 0
        free_row = upper
        upper, middle, lower = middle, lower, free_row


@variant("ocr_preprocess", kind="cython")
def cython_loop(image):
    """Typed loops over pixels; one thread."""
    cdef const uint8_t[:, :, ::1] pixels = image
    cdef int64_t height = pixels.shape[0], width = pixels.shape[1]
    cdef uint8_t[:, ::1] grey
    cdef uint32_t counts[1024]
    cdef uint8_t* room = <uint8_t*>malloc(4 * (width + 2))
    if room == NULL:
        raise MemoryError
    try:
        out = np.empty((height, width), np.uint8)
        grey = out
        with nogil:
            memset(counts, 0, sizeof(counts))
            # block: grey
            count(&pixels[0, 0, 0], height * width, &grey[0, 0], counts)
            # block: denoise
            denoise(&grey[0, 0], height, width, threshold(counts), room)
    finally:
        free(room)
    return out
