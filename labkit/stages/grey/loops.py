"""One loop over pixels, in C's integers."""

from __future__ import annotations

import cython

from labkit.kinds import loops


@loops("grey")
def grey(image: cython.const[cython.uchar][:, :, ::1], out: cython.uchar[:, ::1]) -> None:
    """One loop over pixels, integer products."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    blue: cython.int
    green: cython.int
    red: cython.int
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            blue = image[y, x, 0]
            green = image[y, x, 1]
            red = image[y, x, 2]
            out[y, x] = (3735 * blue + 19235 * green + 9798 * red + 16384) >> 15
