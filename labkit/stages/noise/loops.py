"""One loop over values."""

from __future__ import annotations

import cython
import numpy as np

from labkit.kinds import loops
from labkit.stages.noise import keys, weight_of


def prepared(image: np.ndarray, seed: int, sigma: float) -> tuple[np.ndarray, int, int, int]:
    """The picture as bytes, both keys, the weight."""
    return image.reshape(-1), *keys(seed), weight_of(sigma)


@loops("noise", scratch=prepared, channels=True)
def noise(
    image: object,
    seed: cython.longlong,
    sigma: cython.double,
    out: cython.uchar[:, :, ::1],
    pixels: cython.const[cython.uchar][::1],
    first: cython.longlong,
    second: cython.longlong,
    by: cython.longlong,
) -> None:
    """Products stay within 64 bits with their sign: the second factor is taken less 2^32."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    channel: cython.Py_ssize_t
    place: cython.longlong
    h: cython.longlong
    ones: cython.longlong
    level: cython.longlong
    mask: cython.longlong
    mask = 65536
    mask = mask * mask - 1  # a literal as large is an object in Cython
    place = 0
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            for channel in range(out.shape[2]):
                h = (place & mask) ^ first
                h = (((h ^ (h >> 16)) * 0x7FEB352D) & mask) ^ second
                h = ((h ^ (h >> 15)) * -2073254261) & mask
                h = h ^ (h >> 16)
                ones = (h & 0x5555) + ((h >> 1) & 0x5555)
                ones = (ones & 0x3333) + ((ones >> 2) & 0x3333)
                ones = (ones & 0x0F0F) + ((ones >> 4) & 0x0F0F)
                ones = (ones & 31) + (ones >> 8)
                level = 64 * ones + ((h >> 16) & 63) + ((h >> 24) & 63) - 575
                level = (level * by + 16384) >> 15
                level += pixels[place]
                out[y, x, channel] = min(max(level, 0), 255)
                place += 1
