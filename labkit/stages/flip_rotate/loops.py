"""One loop over the output, pixel by pixel."""

from __future__ import annotations

import cython
import numpy as np

from labkit.kinds import loops


def bytes_of(image: np.ndarray, way: str) -> tuple[np.ndarray]:
    """The picture as bytes, whatever its shape."""
    return (image.reshape(-1),)


@loops("flip_rotate", scratch=bytes_of, channels=True)
def flip_rotate(
    image: object,
    way: cython.int,
    out: cython.uchar[:, :, ::1],
    pixels: cython.const[cython.uchar][::1],
) -> None:
    """Where a row begins, and how far it is from one of its pixels to the next, is all that differs."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    channel: cython.Py_ssize_t
    height: cython.Py_ssize_t
    width: cython.Py_ssize_t
    channels: cython.Py_ssize_t
    place: cython.Py_ssize_t
    step: cython.Py_ssize_t
    height = out.shape[0]
    width = out.shape[1]
    channels = out.shape[2]
    for y in range(height):
        if way == 0:
            place = (y + 1) * width - 1
            step = -1
        elif way == 1:
            place = (height - 1 - y) * width
            step = 1
        elif way == 2:
            place = (height - y) * width - 1
            step = -1
        elif way == 3:
            place = (width - 1) * height + y
            step = -height
        elif way == 4:
            place = height - 1 - y
            step = height
        else:
            place = y
            step = height
        for x in range(width):
            for channel in range(channels):
                out[y, x, channel] = pixels[place * channels + channel]
            place += step
