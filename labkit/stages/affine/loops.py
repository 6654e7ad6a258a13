"""One loop over the output, whole numbers only."""

from __future__ import annotations

import cython
import numpy as np

from labkit.kinds import loops
from labkit.stages.affine.matrix import Matrix, steps


def prepared(image: np.ndarray, matrix: Matrix) -> tuple[np.ndarray, ...]:
    """The picture as bytes, whatever its shape, and the steps along columns and rows."""
    return image.reshape(-1), *steps(matrix, image.shape)


@loops("affine", scratch=prepared, channels=True)
def affine(
    image: object,
    matrix: object,
    out: cython.uchar[:, :, ::1],
    pixels: cython.const[cython.uchar][::1],
    across: cython.longlong[::1],
    down: cython.longlong[::1],
    row_x: cython.longlong[::1],
    row_y: cython.longlong[::1],
) -> None:
    """Each of four neighbours is looked at by itself: is it in the picture?"""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    channel: cython.Py_ssize_t
    height: cython.Py_ssize_t
    width: cython.Py_ssize_t
    channels: cython.Py_ssize_t
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    at: cython.Py_ssize_t
    a: cython.int
    b: cython.int
    total: cython.int
    from_x: cython.longlong
    from_y: cython.longlong
    height = out.shape[0]
    width = out.shape[1]
    channels = out.shape[2]
    for y in range(height):
        for x in range(width):
            from_x = (across[x] + row_x[y]) >> 5
            from_y = (down[x] + row_y[y]) >> 5
            i = from_x >> 5
            j = from_y >> 5
            a = from_x & 31
            b = from_y & 31
            for channel in range(channels):
                total = 512
                at = (j * width + i) * channels + channel
                if j >= 0 and j < height:
                    if i >= 0 and i < width:
                        total += pixels[at] * (32 - a) * (32 - b)
                    if i >= -1 and i < width - 1:
                        total += pixels[at + channels] * a * (32 - b)
                if j >= -1 and j < height - 1:
                    at += width * channels
                    if i >= 0 and i < width:
                        total += pixels[at] * (32 - a) * b
                    if i >= -1 and i < width - 1:
                        total += pixels[at + channels] * a * b
                out[y, x, channel] = total >> 10
