"""Two loops: every pixel's neighbours of its row, then those sums of its column."""

from __future__ import annotations

import cython
import numpy as np

from labkit.kinds import loops
from labkit.stages.gaussian_blur.taps import mirrored, taps


def room(image: np.ndarray, sigma: float) -> tuple[np.ndarray, ...]:
    """The picture with an axis of channels, the weights, which rows and columns lie under them, and sums of rows."""
    weights = taps(float(sigma))
    pixels = image.reshape(*image.shape[:2], -1)
    rows, columns = (mirrored(side, len(weights) // 2) for side in image.shape[:2])
    return pixels, weights, rows, columns, np.empty(pixels.shape, np.int32)


@loops("gaussian_blur", scratch=room, channels=True)
def gaussian_blur(
    image: object,
    sigma: cython.double,
    out: cython.uchar[:, :, ::1],
    pixels: cython.const[cython.uchar][:, :, ::1],
    weights: cython.const[cython.longlong][::1],
    rows: cython.longlong[::1],
    columns: cython.longlong[::1],
    sums: cython.int[:, :, ::1],
) -> None:
    """Sums of whole numbers; the one rounding is the last step."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    k: cython.Py_ssize_t
    channel: cython.Py_ssize_t
    total: cython.longlong
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            for channel in range(out.shape[2]):
                total = 0
                for k in range(weights.shape[0]):
                    total += weights[k] * pixels[y, columns[x + k], channel]
                sums[y, x, channel] = total
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            for channel in range(out.shape[2]):
                total = 1 << 15
                for k in range(weights.shape[0]):
                    total += weights[k] * sums[rows[y + k], x, channel]
                out[y, x, channel] = total >> 16
