# cython: boundscheck=False, wraparound=False, cdivision=True
"""Typed loops in Cython, without the GIL. Unlike Numba, C can make NumPy's arrays cheaply: crops are filled in place.

All arrays are made first, then one stretch without the GIL fills them, so that threads over slices of boxes run side by side.
"""

import numpy as np

cimport numpy as cnp
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.stdlib cimport free, malloc

from labkit.core import variant
from labkit.stages.crop_boxes import sizes
from labkit.stages.crop_boxes.homography import homographies

cnp.import_array()

cdef enum:
    BITS = 11  # positions are rounded to 1/2048 pixel, so that weights and sums are integers
    STEPS = 1 << BITS
    FAR = 1 << 20  # pixels: added, every position is positive, and truncating it is the same as rounding down

cdef double CLEAR = 0.01  # pixels between a box and the border: more than rounding can move a position


cdef inline int64_t steps(double position) noexcept nogil:
    """A position in pixels, rounded to steps of 1/2048 pixel."""
    return <int64_t>(position * STEPS + (FAR * <double>STEPS + 0.5)) - FAR * <int64_t>STEPS


cdef inline uint32_t value(
    const uint8_t* page, int64_t rows, int64_t columns, int64_t x, int64_t y, int channel
) noexcept nogil:
    """One channel of a page's pixel; 0 outside."""
    if 0 <= x < columns and 0 <= y < rows:
        return page[(y * columns + x) * 3 + channel]
    return 0


cdef bint is_clear(const float* box, int64_t rows, int64_t columns) noexcept nogil:
    """Does a box keep off the page's border, so that every pixel it needs exists?"""
    cdef bint clear = True
    cdef int n
    for n in range(4):
        clear &= CLEAR < box[2 * n] < columns - 1 - CLEAR and CLEAR < box[2 * n + 1] < rows - 1 - CLEAR
    return clear


cdef void fill(
    const uint8_t* page, int64_t rows, int64_t columns, bint clear, const double* m, int64_t width, int64_t height, uint8_t* out
) noexcept nogil:
    """One crop; ``m`` takes its pixels to the page's."""
    cdef int64_t i, j, x, y, left, top, line = columns * 3
    cdef int channel
    # Locals: ``out`` is bytes, which may alias anything, so that ``m`` would be read again after every byte written.
    cdef double a = m[0], b = m[1], c = m[2], d = m[3], e = m[4], f = m[5], g = m[6], h = m[7], k = m[8]
    cdef double from_x, from_y, from_depth, depth
    cdef uint32_t u, v, w00, w01, w10, w11, half = 1 << (2 * BITS - 1)
    cdef const uint8_t* at
    for j in range(height):
        from_x, from_y, from_depth = b * j + c, e * j + f, h * j + k
        for i in range(width):
            depth = 1.0 / (g * i + from_depth)
            x, y = steps((a * i + from_x) * depth), steps((d * i + from_y) * depth)
            left, top = x >> BITS, y >> BITS
            u, v = <uint32_t>(x & (STEPS - 1)), <uint32_t>(y & (STEPS - 1))
            w00, w01, w10, w11 = (STEPS - u) * (STEPS - v), u * (STEPS - v), (STEPS - u) * v, u * v
            if clear:
                at = page + top * line + left * 3
                for channel in range(3):
                    out[channel] = <uint8_t>((
                        w00 * at[channel] + w01 * at[channel + 3]
                        + w10 * at[channel + line] + w11 * at[channel + line + 3] + half
                    ) >> (2 * BITS))
            else:
                for channel in range(3):
                    out[channel] = <uint8_t>((
                        w00 * value(page, rows, columns, left, top, channel)
                        + w01 * value(page, rows, columns, left + 1, top, channel)
                        + w10 * value(page, rows, columns, left, top + 1, channel)
                        + w11 * value(page, rows, columns, left + 1, top + 1, channel) + half
                    ) >> (2 * BITS))
            out += 3


def cython_loop(page, boxes):
    """Typed loops over boxes and pixels, positions to 1/2048 pixel; one thread."""
    # block: sizes
    shapes = sizes(boxes, page.shape)
    good = shapes[:, 0] > 0

    # block: homography
    cdef const float[:, :, ::1] corners = np.ascontiguousarray(boxes[good])
    cdef const double[:, :, ::1] matrices = homographies(boxes[good], shapes[good])

    # block: collect
    cdef const int64_t[:, ::1] sides = shapes
    cdef const uint8_t[:, :, ::1] pixels = page
    cdef int64_t rows = pixels.shape[0], columns = pixels.shape[1]
    cdef bint clear
    cdef Py_ssize_t k, count = sides.shape[0], filled = 0
    cdef cnp.npy_intp shape[3]
    cdef uint8_t** places = <uint8_t**>malloc((count + 1) * sizeof(void*))
    if places == NULL:
        raise MemoryError
    crops = []
    try:
        shape[2] = 3
        for k in range(count):
            shape[0], shape[1] = sides[k, 1], sides[k, 0]
            crop = cnp.PyArray_EMPTY(3, shape, cnp.NPY_UINT8, 0)
            places[k] = <uint8_t*>cnp.PyArray_DATA(<cnp.ndarray>crop)
            crops.append(crop)

        # block: warp
        with nogil:
            for k in range(count):
                if sides[k, 0]:
                    clear = is_clear(&corners[filled, 0, 0], rows, columns)
                    fill(&pixels[0, 0, 0], rows, columns, clear, &matrices[filled, 0, 0], sides[k, 0], sides[k, 1], places[k])
                    filled += 1
    finally:
        free(places)
    return crops


variant("crop_boxes", kind="cython", partial=cython_loop)(cython_loop)
