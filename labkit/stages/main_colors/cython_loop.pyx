# cython: boundscheck=False, wraparound=False, cdivision=True
"""A real loop in Cython, without the GIL: runs of equal pixels go into one hash table.

What compiled loops are for: no array of all opaque pixels, one pass. The table grows with the number of colours, so it
is quick on flat pictures and misses the cache on noise (see numba_loop and native for the way out).
"""

import numpy as np

cimport numpy as cnp
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free

from labkit.core import variant
from labkit.stages.main_colors import top

cnp.import_array()

cdef struct Slot:
    uint32_t pixel  # opaque alpha set, so 0 means empty
    uint32_t count


cdef struct Table:
    Slot* slots
    uint32_t shift  # 32 - log2 of the number of slots
    uint32_t used


cdef inline Slot* find(Table* table, uint32_t pixel) noexcept nogil:
    """The pixel's slot, or the empty one where it belongs (multiplicative hashing, linear probing)."""
    cdef uint32_t mask = (<uint32_t>1 << (32 - table.shift)) - 1
    cdef uint32_t k = (pixel * <uint32_t>0x9E3779B1) >> table.shift
    while table.slots[k].pixel != pixel and table.slots[k].pixel != 0:
        k = (k + 1) & mask
    return &table.slots[k]


cdef int grow(Table* table) noexcept nogil:
    """Four times the room; -1 without memory."""
    cdef Table larger
    cdef uint64_t k
    larger.shift, larger.used = table.shift - 2, table.used
    larger.slots = <Slot*>calloc(<uint64_t>1 << (32 - larger.shift), sizeof(Slot))
    if larger.slots == NULL:
        return -1
    for k in range(<uint64_t>1 << (32 - table.shift)):
        if table.slots[k].pixel:
            find(&larger, table.slots[k].pixel)[0] = table.slots[k]
    free(table.slots)
    table[0] = larger
    return 0


cdef int count_runs(const uint32_t* pixels, Py_ssize_t count, Table* table) noexcept nogil:
    cdef Py_ssize_t i = 0, start
    cdef uint32_t pixel
    cdef Slot* slot
    while i < count:
        pixel = pixels[i]
        start = i
        i += 1
        while i < count and pixels[i] == pixel:
            i += 1
        if pixel >> 24 == 0:
            continue
        slot = find(table, pixel | <uint32_t>0xFF000000)
        if slot.pixel == 0:
            slot.pixel = pixel | <uint32_t>0xFF000000
            table.used += 1
        slot.count += <uint32_t>(i - start)
        if table.used > (<uint32_t>1 << (31 - table.shift)) and grow(table) < 0:
            return -1
    return 0


def counted(const uint8_t[:, :, ::1] image):
    """Packed colours (uint32) and counts (int64) of all distinct colours of an image or of a band of it."""
    cdef Table table
    cdef uint64_t k, found = 0
    cdef int failed
    table.shift, table.used = 32 - 10, 0
    table.slots = <Slot*>calloc(1 << 10, sizeof(Slot))
    if table.slots == NULL:
        raise MemoryError
    try:
        with nogil:
            failed = count_runs(<const uint32_t*>&image[0, 0, 0], image.shape[0] * image.shape[1], &table)
        if failed:
            raise MemoryError
        packed, counts = np.empty(table.used, np.uint32), np.empty(table.used, np.int64)
        fill(&table, packed, counts)
    finally:
        free(table.slots)
    return packed, counts


cdef void fill(Table* table, uint32_t[::1] packed, int64_t[::1] counts):
    cdef uint64_t k, found = 0
    cdef uint32_t pixel
    for k in range(<uint64_t>1 << (32 - table.shift)):
        pixel = table.slots[k].pixel
        if pixel:
            packed[found] = (pixel & 0xFF) << 16 | (pixel & 0xFF00) | (pixel >> 16 & 0xFF)
            counts[found] = table.slots[k].count
            found += 1


@variant("main_colors", kind="cython", partial=counted)
def cython_loop(image, n=6):
    """One pass over runs of equal pixels into a hash table."""
    packed, counts = counted(image)
    return top(packed, counts, n)
