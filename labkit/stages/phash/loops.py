"""Loops over the small picture, over the pixels that each is made of, and over frequencies."""

from __future__ import annotations

import cython
import numpy as np

from labkit.kinds import loops
from labkit.kinds.taps import taps
from labkit.stages.phash import COSINES, LOW, SMALL, bits


def coefficients(image: np.ndarray) -> np.ndarray:
    """What is filled."""
    return np.zeros((LOW, LOW))


def bytes_and_taps(image: np.ndarray) -> tuple[np.ndarray, ...]:
    """The picture with an axis of channels; the first element and the weights of each output along both axes; the cosines."""
    down, across = taps(image.shape[0], SMALL, "area"), taps(image.shape[1], SMALL, "area")
    total = np.array([down[2] * across[2]])
    return image.reshape(*image.shape[:2], -1), down[0], down[1], across[0], across[1], total, COSINES


@loops("phash", scratch=bytes_and_taps, output=coefficients, result=bits)
def phash(
    image: object,
    out: cython.double[:, ::1],
    pixels: cython.const[cython.uchar][:, :, ::1],
    top: cython.longlong[::1],
    down: cython.longlong[:, ::1],
    left: cython.longlong[::1],
    across: cython.longlong[:, ::1],
    whole: cython.longlong[::1],
    cosines: cython.double[:, ::1],
) -> None:
    """Weighed sums in 64 bits; a weight of 0 ends a row of weights. Each level is added to all coefficients."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    channel: cython.Py_ssize_t
    j: cython.Py_ssize_t
    i: cython.Py_ssize_t
    row: cython.longlong
    total: cython.longlong
    count: cython.longlong
    grey: cython.longlong
    count = whole[0]
    for y in range(top.shape[0]):
        for x in range(left.shape[0]):
            grey = 0
            for channel in range(pixels.shape[2]):
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
                total = (2 * total + count) // (2 * count)
                if pixels.shape[2] == 1:
                    grey = total
                elif channel == 0:
                    grey = 3735 * total + 16384
                elif channel == 1:
                    grey += 19235 * total
                else:
                    grey = (grey + 9798 * total) // 32768
            for j in range(out.shape[0]):
                for i in range(out.shape[1]):
                    out[j, i] += cosines[j, y] * cosines[i, x] * grey
