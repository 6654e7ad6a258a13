"""Otsu's threshold as OpenCV computes it: the same operations on float64 in the same order, so the same bits.

The order matters. Between two levels the variance of the two classes can be the same number twice (any picture whose
histogram is symmetric about a level has such a pair); then rounding decides which comes out as the larger, and a
variant with another order of operations, or with a fused multiply-add, cuts at another level.
"""

from __future__ import annotations

from collections.abc import Sequence

LEAST = 2.0**-23  # FLT_EPSILON: a class that holds less of the picture is none


def threshold(histogram: Sequence[int]) -> int:
    """Otsu's threshold of 256 counts, 0 when there is but one level; levels above it are white.

    Source: ``getThreshVal_Otsu`` in OpenCV's imgproc/src/thresh.cpp, without the branch for Intel's library.
    """
    share = 1.0 / sum(histogram)
    mean = sum(level * count for level, count in enumerate(histogram)) * share
    low = below = largest = 0.0  # ``low`` is the mean of the darker class, ``below`` its share of the picture
    best = 0
    for level, count in enumerate(histogram):
        part = count * share
        low *= below
        below += part
        above = 1.0 - below
        if min(below, above) < LEAST or max(below, above) > 1.0 - LEAST:
            continue
        low = (low + level * part) / below
        high = (mean - below * low) / above
        variance = below * above * (low - high) * (low - high)
        if variance > largest:
            largest, best = variance, level
    return best
