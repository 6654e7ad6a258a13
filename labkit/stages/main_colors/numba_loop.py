"""Loops that Numba compiles: no array of all pixels is built, and what is counted stays in the first-level cache.

Colours fall into 4096 buckets. A first pass adds up each bucket's pixels: an upper bound for each of its colours. Only
buckets whose total reaches what a winner needs are counted exactly, each alone, in a table of 4096 counters. On a
photograph that leaves a ninth of the pixels; on noise everything, and then the partition is what helps: one hash
table of a million colours would miss the cache at every pixel.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from labkit.core import variant
from labkit.stages.main_colors import MainColors, top

BUCKETS = 4096
LONGEST = (1 << 20) - 1  # a run's length shares 32 bits with 12 bits of its colour


@njit(inline="always")
def _code(pixel):  # type: ignore[no-untyped-def]
    """Upper and lower 12 bits of b<<16 | g<<8 | r; the lower ones are stirred, so that like colours spread out."""
    color = (pixel & 0xFF) << 16 | (pixel & 0xFF00) | (pixel >> 16 & 0xFF)
    upper = color >> 12
    return upper, (color ^ upper * 0x9E5) & 0xFFF


@njit(cache=True, nogil=True)
def _survey(pixels):  # type: ignore[no-untyped-def]
    totals, runs = np.zeros(BUCKETS, np.int64), np.zeros(BUCKETS, np.int64)
    start = 0
    for i in range(len(pixels)):
        if i + 1 < len(pixels) and pixels[i] == pixels[i + 1]:
            continue
        if pixels[i] >> 24:
            _, bucket = _code(pixels[i])
            totals[bucket] += i + 1 - start
            runs[bucket] += 1 + (i - start) // LONGEST
        start = i + 1
    return totals, runs


@njit(cache=True, nogil=True)
def _count(pixels, totals, runs, bound):  # type: ignore[no-untyped-def]
    """Packed colours and counts of all colours in buckets with a total of at least ``bound``."""
    wanted = totals >= bound
    ends = np.cumsum(np.where(wanted, runs, 0))
    places = ends - np.where(wanted, runs, 0)
    entries = np.empty(ends[-1], np.uint32)
    start = 0
    for i in range(len(pixels)):
        if i + 1 < len(pixels) and pixels[i] == pixels[i + 1]:
            continue
        if pixels[i] >> 24:
            upper, bucket = _code(pixels[i])
            if wanted[bucket]:
                length = i + 1 - start
                while length > 0:
                    part = min(length, LONGEST)
                    entries[places[bucket]] = upper << 20 | part
                    places[bucket] += 1
                    length -= part
        start = i + 1

    packed, counts = np.empty(len(entries), np.uint32), np.empty(len(entries), np.int64)
    table = np.zeros(4096, np.int64)
    found = 0
    first = 0
    for bucket in range(BUCKETS):
        last = ends[bucket]
        for k in range(first, last):
            table[entries[k] >> 20] += entries[k] & LONGEST
        for k in range(first, last):
            upper = entries[k] >> 20
            if table[upper]:
                packed[found] = upper << 12 | ((bucket ^ upper * 0x9E5) & 0xFFF)
                counts[found] = table[upper]
                table[upper] = 0
                found += 1
        first = last
    return packed[:found], counts[:found]


def counted(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Packed colours (uint32) and counts (int64) of all distinct colours of an image or of a band of it."""
    pixels = image.reshape(-1).view(np.uint32)
    totals, runs = _survey(pixels)
    return _count(pixels, totals, runs, 1)


@variant("main_colors", kind="numba", partial=counted)
def numba_loop(image: np.ndarray, n: int = 6) -> MainColors:
    """Runs, an upper bound by bucket, exact counts only where a winner can be; one thread."""
    pixels = image.reshape(-1).view(np.uint32)
    totals, runs = _survey(pixels)
    # A first guess at the n-th best count, on the low side: bucket totals are a little above their best colour's count.
    bound = max(1, int(np.partition(totals, -n)[-n]) * 5 // 8) if n < BUCKETS else 1
    while True:
        packed, counts = _count(pixels, totals, runs, bound)
        best = top(packed, counts, n)
        needed = int(best.counts[-1]) if len(best.counts) == n else 1
        if needed >= bound:
            return best
        bound = needed
