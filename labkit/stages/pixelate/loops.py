"""One loop over cells, and two over the pixels of each."""

from __future__ import annotations

import cython
import numpy as np

from labkit.kinds import loops


def bytes_of(image: np.ndarray, block: int) -> tuple[np.ndarray]:
    """The picture as bytes, whatever its shape."""
    return (image.reshape(-1),)


@loops("pixelate", scratch=bytes_of, channels=True)
def pixelate(
    image: object,
    block: cython.Py_ssize_t,
    out: cython.uchar[:, :, ::1],
    pixels: cython.const[cython.uchar][::1],
) -> None:
    """The sum of a cell, then its mean into each of its pixels."""
    row: cython.Py_ssize_t
    column: cython.Py_ssize_t
    top: cython.Py_ssize_t
    left: cython.Py_ssize_t
    channel: cython.Py_ssize_t
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    height: cython.Py_ssize_t
    width: cython.Py_ssize_t
    channels: cython.Py_ssize_t
    count: cython.longlong
    total: cython.longlong
    mean: cython.uchar
    height = out.shape[0]
    width = out.shape[1]
    channels = out.shape[2]
    for row in range((height + block - 1) // block):
        for column in range((width + block - 1) // block):
            top = row * block
            left = column * block
            count = (min(top + block, height) - top) * (min(left + block, width) - left)
            for channel in range(channels):
                total = 0
                for y in range(top, min(top + block, height)):
                    for x in range(left, min(left + block, width)):
                        total += pixels[(y * width + x) * channels + channel]
                mean = (2 * total + count) // (2 * count)
                for y in range(top, min(top + block, height)):
                    for x in range(left, min(left + block, width)):
                        out[y, x, channel] = mean
