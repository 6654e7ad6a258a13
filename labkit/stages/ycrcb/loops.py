"""One loop over pixels, in C's integers."""

from __future__ import annotations

import cython

from labkit.kinds import loops


@loops("ycrcb")
def ycrcb(image: cython.const[cython.uchar][:, :, ::1], out: cython.uchar[:, :, ::1]) -> None:
    """One loop over pixels, integer products."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    blue: cython.int
    green: cython.int
    red: cython.int
    luma: cython.int
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            blue = image[y, x, 0]
            green = image[y, x, 1]
            red = image[y, x, 2]
            luma = (1868 * blue + 9617 * green + 4899 * red + 8192) >> 14
            out[y, x, 0] = luma
            # no pixel comes below 0; of full red and full blue alone 256 would be stored
            out[y, x, 1] = min((((red - luma) * 11682 + 8192) >> 14) + 128, 255)
            out[y, x, 2] = min((((blue - luma) * 9241 + 8192) >> 14) + 128, 255)
