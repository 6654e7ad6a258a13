"""One loop over output pixels, and two over the pixels that each is made of, in whole numbers."""

from __future__ import annotations

import cython
import numpy as np

from labkit.kinds import loops
from labkit.kinds.taps import taps
from labkit.stages.resize import size


def bytes_and_taps(image: np.ndarray, side: int, form: str, interpolation: str) -> tuple[np.ndarray, ...]:
    """The picture with an axis of channels, and the first element and the weights of each output along both axes."""
    rows, columns = size(image, side, form)
    down, across = taps(image.shape[0], rows, interpolation), taps(image.shape[1], columns, interpolation)
    total = np.array([down[2] * across[2]])
    return image.reshape(*image.shape[:2], -1), down[0], down[1], across[0], across[1], total


@loops("resize", scratch=bytes_and_taps, channels=True)
def resize(
    image: object,
    side: cython.int,
    form: cython.int,
    interpolation: cython.int,
    out: cython.uchar[:, :, ::1],
    pixels: cython.const[cython.uchar][:, :, ::1],
    top: cython.longlong[::1],
    down: cython.longlong[:, ::1],
    left: cython.longlong[::1],
    across: cython.longlong[:, ::1],
    whole: cython.longlong[::1],
) -> None:
    """Weighed sums in 64 bits; a weight of 0 ends a row of weights."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    channel: cython.Py_ssize_t
    j: cython.Py_ssize_t
    i: cython.Py_ssize_t
    row: cython.longlong
    total: cython.longlong
    count: cython.longlong
    count = whole[0]
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            for channel in range(out.shape[2]):
                total = 0
                for j in range(down.shape[1]):
                    if down[y, j] == 0:
                        break
                    row = 0
                    for i in range(across.shape[1]):
                        if across[x, i] == 0:
                            break
                        row += across[x, i] * pixels[top[y] + j, left[x] + i, channel]
                    total += down[y, j] * row
                out[y, x, channel] = (2 * total + count) // (2 * count)
