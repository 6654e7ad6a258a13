"""The naive NumPy code again, with Cython types on every variable.

The talk's claim: nothing is gained (55.8 ms before, 55.6 ms after). The time is spent inside NumPy's own compiled loops;
types only speed up what happens between two calls.
"""

import numpy as np

cimport numpy as cnp

from labkit.core import variant
from labkit.stages.main_colors import BAND, MainColors, ties_by_color

cnp.import_array()


@variant("main_colors", kind="cython")
def cython_typed(image, n=6):
    """The naive variant line by line, compiled, with typed arrays."""
    cdef cnp.ndarray[cnp.uint8_t, ndim=3] pixels = image
    cdef Py_ssize_t wanted = n
    # block: drop transparent
    cdef cnp.ndarray[cnp.uint32_t, ndim=2] opaque = pixels[pixels[:, :, 3] != 0][:, :3].astype(np.uint32)

    # block: pack colours
    cdef cnp.ndarray[cnp.float64_t, ndim=1] packed = opaque[:, 0] * 1e6 + opaque[:, 1] * 1e3 + opaque[:, 2]

    # block: count
    cdef cnp.ndarray[cnp.float64_t, ndim=1] values
    cdef cnp.ndarray[cnp.int64_t, ndim=1] counts, order, chosen
    values, counts = np.unique(packed, return_counts=True)
    order = ties_by_color(np.argsort(counts)[::-1], counts, wanted)
    chosen = values[order].astype(np.int64)
    cdef cnp.ndarray[cnp.uint8_t, ndim=2] colors = np.stack(
        [chosen // 1_000_000, chosen // 1_000 % 1_000, chosen % 1_000], axis=1
    ).astype(np.uint8)

    # block: panel
    bands = [np.ones((*BAND, 3), np.uint8) * color for color in colors]
    panel = np.concatenate([np.ones((0, BAND[1], 3), np.uint8), *bands])
    return MainColors(colors, counts[order], panel)
