"""One loop over pixels, with the float32 of each level in a table."""

from __future__ import annotations

import cython
import numpy as np

from labkit.kinds import loops
from labkit.kinds.planes import scale_and_shift


def table(image: np.ndarray, to: str) -> tuple[np.ndarray]:
    """For red, green and blue the float32 of each level: (3, 256)."""
    scale, shift = scale_and_shift(to)
    return (np.arange(256, dtype=np.float32) * scale[:, None] + shift[:, None],)


@loops("normalise", scratch=table)
def normalise(
    image: cython.const[cython.uchar][:, :, ::1],
    to: cython.int,
    out: cython.float[:, :, ::1],
    levels: cython.float[:, ::1],
) -> None:
    """One loop over pixels, three look-ups each."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            out[0, y, x] = levels[0, image[y, x, 2]]
            out[1, y, x] = levels[1, image[y, x, 1]]
            out[2, y, x] = levels[2, image[y, x, 0]]
