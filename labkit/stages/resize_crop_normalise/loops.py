"""One loop over the square's pixels, and two over the pixels that each is made of, in whole numbers."""

from __future__ import annotations

import cython
import numpy as np

from labkit.kinds import loops
from labkit.kinds.planes import scale_and_shift
from labkit.kinds.taps import taps
from labkit.stages.resize_crop_normalise import resized, window


def taps_and_scales(image: np.ndarray, short: int, crop: int, to: str) -> tuple[np.ndarray, ...]:
    """The first element and the weights of each output along both axes; scale and shift of blue, green and red."""
    sides = zip(image.shape, resized(image, short), window(image, short, crop), strict=False)
    (top, down, rows), (left, across, columns) = (
        taps(source, target, "area", at, crop) for source, target, at in sides
    )
    scale, shift = (one[::-1].astype(np.float64) for one in scale_and_shift(to))
    return top, down, left, across, scale / (rows * columns), shift


@loops("resize_crop_normalise", scratch=taps_and_scales)
def resize_crop_normalise(
    image: cython.const[cython.uchar][:, :, ::1],
    short: cython.int,
    crop: cython.int,
    to: cython.int,
    out: cython.float[:, :, ::1],
    top: cython.longlong[::1],
    down: cython.longlong[:, ::1],
    left: cython.longlong[::1],
    across: cython.longlong[:, ::1],
    scale: cython.double[::1],
    shift: cython.double[::1],
) -> None:
    """Weighed sums in 64 bits; a weight of 0 ends a row of weights."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    channel: cython.Py_ssize_t
    j: cython.Py_ssize_t
    i: cython.Py_ssize_t
    row: cython.longlong
    total: cython.longlong
    for y in range(out.shape[1]):
        for x in range(out.shape[2]):
            for channel in range(3):
                total = 0
                for j in range(down.shape[1]):
                    if down[y, j] == 0:
                        break
                    row = 0
                    for i in range(across.shape[1]):
                        if across[x, i] == 0:
                            break
                        row += across[x, i] * image[top[y] + j, left[x] + i, channel]
                    total += down[y, j] * row
                out[2 - channel, y, x] = total * scale[channel] + shift[channel]
