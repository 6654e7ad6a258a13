"""Stage ``phash``: 64 bits that stay nearly the same when a picture is resized, compressed or brightened.

Read the files in this order: library (the peers), arrays, loops, native; :func:`near_duplicates` finds pictures by them.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from labkit.core import BGR, Grey, Shaped, UsageError, Within, stage
from labkit.stages.phash import workloads

SMALL, LOW, BITS = 32, 8, 64  # pixels a side, frequencies a side, bits
MARGIN = 1.0  # of level sums that reach 261,120: coefficients that are equal but for rounding lie on one side

# Cosines of the type II transform: [u, x] = cos(pi·u·(2x + 1) / 64).
COSINES = np.cos(np.pi / (2 * SMALL) * np.outer(np.arange(LOW), 2 * np.arange(SMALL) + 1))

# Means that lie halfway between two levels are rounded either way, and a coefficient next to the median may then change sides:
# so may the one that it changes places with. Hashes of other pictures differ by 32 bits on average.
MOST_BITS = 6


@stage(
    reference="numpy",
    agreement=Within(1, mean=MOST_BITS / BITS),
    edge_cases=workloads.edge_cases,
    empty_cells={
        "multiprocess": "it reads a picture once: to send it to a process takes longer; phash_many splits by images"
    },
)
def phash(image: Grey | BGR) -> Annotated[np.ndarray, Shaped(lambda image: (BITS,), "uint8")]:
    """Hash a picture by its lowest frequencies.

    Parameters
    ----------
    image : uint8 (h, w) or (h, w, 3) BGR, C-contiguous, h ≥ 1 and w ≥ 1.

    Returns
    -------
    uint8 (64,) of 0 and 1. The picture becomes 32×32 pixels, each the mean of what it covers, as of the stage resize
        (``exact``, ``area``), rounded; then grey, as of the stage grey. Of its cosine transform (type II, not scaled) the 8×8
        lowest frequencies count, row by row: 1 where a coefficient exceeds their median (the mean of the 32nd and the 33rd) by
        more than 1. A picture of one level has a single 1, its first; a black one none.

    Raises
    ------
    TypeError : the image is no NumPy array.
    ValueError : another dtype or shape, an empty image, one that is not C-contiguous.

    Source: C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010; ImageHash, phash (the
    median, the 32×32 pixels, but resized by Lanczos); OpenCV, img_hash (resized before it is made grey).
    """


def bits(coefficients: np.ndarray) -> np.ndarray:
    """Of 8×8 coefficients: uint8 (64,)."""
    row = coefficients.reshape(-1)
    return (row > np.median(row) + MARGIN).astype(np.uint8)


def near_duplicates(hashes: np.ndarray, distance: int = 8) -> np.ndarray:
    """Pairs of pictures whose hashes differ by ``distance`` bits at most: int64 (m, 2), the smaller place first, in order.

    ``hashes`` is uint8 (n, 64) of 0 and 1, as ``phash_many`` gives them. Each is compared with each: of 10,000 that is 0.1 s.

    Raises UsageError for another shape or dtype, and for a distance out of 0 to 64.
    """
    if hashes.ndim != 2 or hashes.shape[1] != BITS or hashes.dtype != np.uint8:
        raise UsageError(f"hashes is {hashes.dtype} {hashes.shape}; give uint8 (n, {BITS})")
    if not 0 <= distance <= BITS:
        raise UsageError(f"distance is {distance}; give 0 to {BITS}")
    whole = np.packbits(hashes, axis=1).view(np.uint64)[:, 0]
    found = [np.empty((0, 2), np.int64)]
    for place, one in enumerate(whole):
        near = np.flatnonzero(np.bitwise_count(whole[place + 1 :] ^ one) <= distance) + place + 1
        if near.size:
            found.append(np.stack([np.full_like(near, place), near], axis=1))
    return np.concatenate(found)
