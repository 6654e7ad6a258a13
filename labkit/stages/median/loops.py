"""A histogram of the neighbourhood that moves along the row; the median moves up or down in it."""

from __future__ import annotations

import cython
import numpy as np

from labkit.kinds import loops


def room(image: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The picture as bytes, whatever its shape, and a histogram."""
    return image.reshape(-1), np.zeros(256, np.int64)


@loops("median", scratch=room, channels=True)
def median(
    image: object,
    size: cython.Py_ssize_t,
    out: cython.uchar[:, :, ::1],
    pixels: cython.const[cython.uchar][::1],
    counts: cython.longlong[::1],
) -> None:
    """Huang's algorithm: a column leaves the histogram, one enters it (IEEE Trans. ASSP 27(1), 1979)."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    k: cython.Py_ssize_t
    j: cython.Py_ssize_t
    row: cython.Py_ssize_t
    channel: cython.Py_ssize_t
    height: cython.Py_ssize_t
    width: cython.Py_ssize_t
    channels: cython.Py_ssize_t
    radius: cython.Py_ssize_t
    level: cython.Py_ssize_t
    middle: cython.Py_ssize_t
    below: cython.longlong
    half: cython.longlong
    height = out.shape[0]
    width = out.shape[1]
    channels = out.shape[2]
    radius = size // 2
    half = size * size // 2
    for channel in range(channels):
        for y in range(height):
            for k in range(256):
                counts[k] = 0
            for j in range(size):  # the columns around column -1
                x = min(max(j - radius - 1, 0), width - 1)
                for k in range(size):
                    row = min(max(y + k - radius, 0), height - 1)
                    counts[pixels[(row * width + x) * channels + channel]] += 1
            middle = 0
            below = 0  # how many of the window are less than `middle`
            for x in range(width):
                for k in range(size):
                    row = min(max(y + k - radius, 0), height - 1)
                    level = pixels[(row * width + max(x - radius - 1, 0)) * channels + channel]
                    counts[level] -= 1
                    if level < middle:
                        below -= 1
                    level = pixels[(row * width + min(x + radius, width - 1)) * channels + channel]
                    counts[level] += 1
                    if level < middle:
                        below += 1
                while below > half:
                    middle -= 1
                    below -= counts[middle]
                while below + counts[middle] <= half:
                    below += counts[middle]
                    middle += 1
                out[y, x, channel] = middle
