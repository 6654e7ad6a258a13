"""One loop over bytes and a table."""

from __future__ import annotations

import cython
import numpy as np

from labkit.kinds import loops
from labkit.stages.brightness_contrast import table


def room(image: np.ndarray, alpha: float, beta: float) -> tuple[np.ndarray, np.ndarray]:
    """The picture as bytes, and the table."""
    return image.reshape(-1), table(alpha, beta)


@loops("brightness_contrast", scratch=room, channels=True)
def brightness_contrast(
    image: object,
    alpha: cython.double,
    beta: cython.double,
    out: cython.uchar[:, :, ::1],
    pixels: cython.const[cython.uchar][::1],
    levels: cython.const[cython.uchar][::1],
) -> None:
    """One look-up a byte."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    channel: cython.Py_ssize_t
    width: cython.Py_ssize_t
    channels: cython.Py_ssize_t
    width = out.shape[1]
    channels = out.shape[2]
    for y in range(out.shape[0]):
        for x in range(width):
            for channel in range(channels):
                out[y, x, channel] = levels[pixels[(y * width + x) * channels + channel]]
