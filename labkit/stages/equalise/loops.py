"""A loop over pixels that counts, one over levels, one over pixels that looks them up."""

from __future__ import annotations

import cython
import numpy as np

from labkit.kinds import loops


def room(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How often each level comes, and what it becomes."""
    return np.zeros(256, np.int64), np.zeros(256, np.uint8)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def single(value: cython.double) -> cython.double:
    """The nearest number of float32's precision, in float64, which all three languages have (Veltkamp's splitting)."""
    far: cython.double
    far = value * 536870913.0
    return far - (far - value)


@loops("equalise", scratch=room)
def equalise(
    image: cython.const[cython.uchar][:, ::1],
    out: cython.uchar[:, ::1],
    counts: cython.longlong[::1],
    levels: cython.uchar[::1],
) -> None:
    """One pass that counts, one that looks up."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    level: cython.Py_ssize_t
    first: cython.Py_ssize_t
    rest: cython.longlong
    below: cython.longlong
    nearest: cython.int
    scale: cython.double
    value: cython.double
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            counts[image[y, x]] += 1
    first = 0
    while counts[first] == 0:
        first += 1
    rest = image.shape[0] * image.shape[1] - counts[first]
    levels[first] = first if rest == 0 else 0
    scale = single(255.0 / max(rest, 1))
    below = 0
    nearest = 0
    for level in range(first + 1, 256):
        below += counts[level]
        value = single(single(1.0 * below) * scale)
        while nearest < 255 and (value > nearest + 0.5 or (value == nearest + 0.5 and nearest % 2 == 1)):
            nearest += 1  # values do not fall
        levels[level] = nearest
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            out[y, x] = levels[image[y, x]]
