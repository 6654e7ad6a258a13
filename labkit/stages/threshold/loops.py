"""A count of levels, Otsu's level, a comparison."""

from __future__ import annotations

import cython
import numpy as np

from labkit.kinds import loops


def room(image: np.ndarray, method: str, level: int) -> tuple[np.ndarray]:
    """How often each level comes."""
    return (np.zeros(256, np.int64),)


@loops("threshold", scratch=room)
def threshold(
    image: cython.const[cython.uchar][:, ::1],
    method: cython.int,
    level: cython.int,
    out: cython.uchar[:, ::1],
    counts: cython.longlong[::1],
) -> None:
    """One pass that counts, one that compares."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    k: cython.Py_ssize_t
    best: cython.int
    total: cython.longlong
    size: cython.longlong
    share: cython.double
    mean: cython.double
    part: cython.double
    low: cython.double
    high: cython.double
    below: cython.double
    above: cython.double
    variance: cython.double
    largest: cython.double
    best = level
    if method == 0:
        for y in range(image.shape[0]):
            for x in range(image.shape[1]):
                counts[image[y, x]] += 1
        total = 0
        size = 0
        for k in range(256):
            total += k * counts[k]
            size += counts[k]
        share = 1.0 / size
        mean = total * share
        low = 0.0
        below = 0.0
        largest = 0.0
        best = 0
        for k in range(256):  # as kinds/otsu.py, which says why in this order
            part = counts[k] * share
            low *= below
            below += part
            above = 1.0 - below
            if min(below, above) >= 1.1920928955078125e-07 and max(below, above) <= 1.0 - 1.1920928955078125e-07:
                low = (low + k * part) / below
                high = (mean - below * low) / above
                variance = below * above * (low - high) * (low - high)
                if variance > largest:
                    largest = variance
                    best = k
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            out[y, x] = 255 if image[y, x] > best else 0
