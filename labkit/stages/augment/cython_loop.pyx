# cython: boundscheck=False, wraparound=False, cdivision=True
"""The same loops in Cython, without the GIL, on plain pointers: what the C compiler makes of them is up to it.

Turn, flip and table go in squares; the blur keeps one row of float32, and GCC turns its inner loops into SIMD.
"""

import numpy as np

cimport numpy as cnp
from libc.stdint cimport int32_t, uint8_t
from libc.stdlib cimport free, malloc

from labkit.core import variant
from labkit.stages.augment.draw import orientation, table, weights

cnp.import_array()

cdef enum:
    BLOCK = 32  # pixels: read and written in squares, so that a transposition uses each cache line fully


cdef void turn(const uint8_t* image, Py_ssize_t height, Py_ssize_t width, const uint8_t* values, bint transpose,
               bint left_right, bint upside_down, uint8_t* result) noexcept nogil:
    cdef Py_ssize_t rows = width if transpose else height, columns = height if transpose else width
    cdef Py_ssize_t down, across, y0, x0, y, x, along_x = 3, along_y = 3 * columns, start = 0
    cdef const uint8_t* pixel
    cdef uint8_t* to
    if left_right:
        start += 3 * (columns - 1)
        along_x = -along_x
    if upside_down:
        start += 3 * columns * (rows - 1)
        along_y = -along_y
    if transpose:
        along_x, along_y = along_y, along_x
    for down in range((height + BLOCK - 1) // BLOCK):
        for across in range((width + BLOCK - 1) // BLOCK):
            y0, x0 = down * BLOCK, across * BLOCK
            for y in range(y0, min(height, y0 + BLOCK)):
                pixel = image + 3 * (y * width + x0)
                to = result + start + y * along_y + x0 * along_x
                for x in range(x0, min(width, x0 + BLOCK)):
                    to[0] = values[pixel[0]]
                    to[1] = values[pixel[1]]
                    to[2] = values[pixel[2]]
                    pixel += 3
                    to += along_x


cdef inline Py_ssize_t mirrored(Py_ssize_t place, Py_ssize_t count) noexcept nogil:
    """The place that a place beyond the border shows."""
    if count == 1:
        return 0
    place = (place if place >= 0 else -place) % (2 * (count - 1))
    return place if place < count else 2 * (count - 1) - place


cdef int blur(const uint8_t* image, Py_ssize_t height, Py_ssize_t width, const float* taps, Py_ssize_t radius,
              uint8_t* result) noexcept nogil:
    """``taps``: the middle one, then those at distance 1, 2, ...; -1 without memory."""
    cdef Py_ssize_t count = 3 * width, y, j, k, c, before, after
    cdef float* line = <float*>malloc((2 * count + 6 * radius) * sizeof(float))
    cdef float* middle = line + 3 * radius
    cdef float* total = middle + count + 3 * radius
    cdef const uint8_t* above
    cdef const uint8_t* below
    cdef const float* left
    cdef const float* right
    cdef float weight
    if line == NULL:
        return -1
    for y in range(height):
        above = image + y * count
        for j in range(count):
            middle[j] = taps[0] * above[j]
        for k in range(1, radius + 1):
            above, below = image + mirrored(y - k, height) * count, image + mirrored(y + k, height) * count
            weight = taps[k]
            for j in range(count):
                middle[j] += weight * <float>(<int32_t>above[j] + <int32_t>below[j])
        for k in range(1, radius + 1):
            before, after = mirrored(-k, width), mirrored(width - 1 + k, width)
            for c in range(3):
                middle[c - 3 * k] = middle[3 * before + c]
                middle[count + 3 * (k - 1) + c] = middle[3 * after + c]
        for j in range(count):
            total[j] = taps[0] * middle[j] + <float>0.5  # truncated in the end
        for k in range(1, radius + 1):
            weight, left, right = taps[k], middle - 3 * k, middle + 3 * k
            for j in range(count):
                total[j] += weight * (left[j] + right[j])
        for j in range(count):
            result[y * count + j] = <uint8_t><int32_t>(total[j] if total[j] < 255 else 255)
    free(line)
    return 0


@variant("augment", kind="cython")
def cython_loop(image, choices):
    """Turn, flip and table in squares, then the blur with one row of float32; one thread, without the GIL."""
    cdef Py_ssize_t height = image.shape[0], width = image.shape[1], rows, radius = choices.size // 2
    cdef bint transpose, left_right, upside_down
    cdef int failed
    transpose, left_right, upside_down = orientation(choices)
    rows = width if transpose else height
    turned = np.empty((rows, height if transpose else width, 3), np.uint8)
    cdef const uint8_t[:, :, ::1] pixels = image
    cdef const uint8_t[::1] values = table(choices.alpha, choices.beta)
    cdef uint8_t[:, :, ::1] whole = turned
    with nogil:
        turn(&pixels[0, 0, 0], height, width, &values[0], transpose, left_right, upside_down, &whole[0, 0, 0])
    if radius == 0:
        return turned
    cdef const float[::1] taps = weights(choices.size, choices.sigma)[radius:].astype(np.float32)
    blurred = np.empty_like(turned)
    cdef uint8_t[:, :, ::1] out = blurred
    with nogil:
        failed = blur(&whole[0, 0, 0], rows, whole.shape[1], &taps[0], radius, &out[0, 0, 0])
    if failed:
        raise MemoryError("augment: no memory for one row of float32")
    return blurred
