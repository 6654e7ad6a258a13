"""One loop over pixels, in C's integers."""

from __future__ import annotations

import cython
import numpy as np

from labkit.kinds import loops
from labkit.stages.saturation import weight_of


def weight(image: np.ndarray, factor: float) -> tuple[int]:
    """The factor as a whole number."""
    return (weight_of(factor),)


@loops("saturation", scratch=weight)
def saturation(
    image: cython.const[cython.uchar][:, :, ::1],
    factor: cython.double,
    out: cython.uchar[:, :, ::1],
    by: cython.int,
) -> None:
    """One loop over pixels, integer products."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    channel: cython.Py_ssize_t
    blue: cython.int
    green: cython.int
    red: cython.int
    grey: cython.int
    level: cython.int
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            blue = image[y, x, 0]
            green = image[y, x, 1]
            red = image[y, x, 2]
            grey = (3735 * blue + 19235 * green + 9798 * red + 16384) >> 15
            for channel in range(3):
                level = image[y, x, channel]
                level = grey + ((by * (level - grey) + 2048) >> 12)
                out[y, x, channel] = min(max(level, 0), 255)
