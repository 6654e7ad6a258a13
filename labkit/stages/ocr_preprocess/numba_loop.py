"""Loops that Numba compiles: one that makes grey levels, one that counts them, one that takes the majority.

The grey levels lie where the result will be; the majority needs three rows of ones and zeros, kept apart. Four columns of
counters, because neighbouring pixels often have the same level and one counter would wait for itself.
"""

from __future__ import annotations

import threading

import numpy as np
from numba import get_num_threads, njit, prange

from labkit.core import variant
from labkit.kinds.loops import read_only
from labkit.stages.ocr_preprocess import BLUE, GREEN, RED, SHIFT

HALF = 1 << (SHIFT - 1)
BLOCK = 4096  # pixels
LEAST = 2.0**-23  # FLT_EPSILON, as in otsu.py


@njit(cache=True, nogil=True)
def _grey(pixels, grey):  # type: ignore[no-untyped-def]
    """Grey levels of uint8 (3 · n) bytes: vectors, as no counter is in the way."""
    for k in range(len(grey)):
        blue, green, red = np.int32(pixels[3 * k]), np.int32(pixels[3 * k + 1]), np.int32(pixels[3 * k + 2])
        grey[k] = (BLUE * blue + GREEN * green + RED * red + HALF) >> SHIFT


@njit(cache=True, nogil=True)
def _count(grey, counts):  # type: ignore[no-untyped-def]
    for k in range(len(grey)):
        counts[k & 3, grey[k]] += 1


@njit(cache=True, nogil=True)
def _grey_and_count(pixels, grey, histogram):  # type: ignore[no-untyped-def]
    """Grey levels, and how often each occurs: block by block, while it is in the first-level cache."""
    counts = np.zeros((4, 256), np.int64)
    for begin in range(0, len(grey), BLOCK):
        block = grey[begin : begin + BLOCK]
        _grey(pixels[3 * begin : 3 * (begin + BLOCK)], block)
        _count(block, counts)
    for level in range(256):
        histogram[level] = counts[0, level] + counts[1, level] + counts[2, level] + counts[3, level]


@njit(cache=True, nogil=True)
def _threshold(histogram):  # type: ignore[no-untyped-def]
    """otsu.threshold, operation by operation: without fastmath LLVM keeps their order and fuses none."""
    count = 0
    total = 0
    for level in range(256):
        count += histogram[level]
        total += level * histogram[level]
    share = 1.0 / count
    mean = total * share
    low = 0.0
    below = 0.0
    largest = 0.0
    best = 0
    for level in range(256):
        part = histogram[level] * share
        low *= below
        below += part
        above = 1.0 - below
        if min(below, above) < LEAST or max(below, above) > 1.0 - LEAST:
            continue
        low = (low + level * part) / below
        high = (mean - below * low) / above
        variance = below * above * (low - high) * (low - high)
        if variance > largest:
            largest = variance
            best = level
    return best


@njit(inline="always")
def _read(row, cut, white):  # type: ignore[no-untyped-def]
    """A row as ones and zeros between two that repeat its ends."""
    width = len(row)
    for x in range(width):
        white[x + 1] = row[x] > cut
    white[0] = white[1]
    white[width + 1] = white[width]


@njit(inline="always")
def _denoise(grey, cut, begin, end, above, below):  # type: ignore[no-untyped-def]
    """Black and white in place of the grey levels of rows begin to end, given the rows next to them."""
    width = grey.shape[1]
    rows = np.empty((3, width + 2), np.uint8)
    columns = np.empty(width + 2, np.uint8)
    upper, middle, lower = rows[0], rows[1], rows[2]
    upper[:] = above
    _read(grey[begin], cut, middle)
    for y in range(begin, end):
        if y + 1 < end:
            _read(grey[y + 1], cut, lower)
        else:
            lower[:] = below
        for x in range(width + 2):
            columns[x] = upper[x] + middle[x] + lower[x]
        out = grey[y]
        for x in range(width):
            out[x] = 255 if columns[x] + columns[x + 1] + columns[x + 2] >= 5 else 0
        upper, middle, lower = middle, lower, upper


@njit(cache=True, nogil=True)
def _preprocess(image):  # type: ignore[no-untyped-def]
    height, width, _ = image.shape
    out = np.empty((height, width), np.uint8)
    histogram = np.empty(256, np.int64)
    _grey_and_count(image.reshape(-1), out.reshape(-1), histogram)
    cut = _threshold(histogram)
    edges = np.empty((2, width + 2), np.uint8)
    _read(out[0], cut, edges[0])
    _read(out[height - 1], cut, edges[1])
    _denoise(out, cut, 0, height, edges[0], edges[1])
    return out


@njit(cache=True, nogil=True, parallel=True)
def _preprocess_parallel(image, bands):  # type: ignore[no-untyped-def]
    height, width, _ = image.shape
    out = np.empty((height, width), np.uint8)
    histograms = np.empty((bands, 256), np.int64)
    for band in prange(bands):
        begin, end = height * band // bands, height * (band + 1) // bands
        _grey_and_count(image[begin:end].reshape(-1), out[begin:end].reshape(-1), histograms[band])
    cut = _threshold(histograms.sum(axis=0))
    edges = np.empty((bands, 2, width + 2), np.uint8)  # read before the neighbour writes over them
    for band in range(bands):
        begin, end = height * band // bands, height * (band + 1) // bands
        _read(out[max(begin - 1, 0)], cut, edges[band, 0])
        _read(out[min(end, height - 1)], cut, edges[band, 1])
    for band in prange(bands):
        begin, end = height * band // bands, height * (band + 1) // bands
        _denoise(out, cut, begin, end, edges[band, 0], edges[band, 1])
    return out


@variant("ocr_preprocess", kind="numba")
def numba_loop(image: np.ndarray) -> np.ndarray:
    """Compiled loops; one thread."""
    return np.asarray(_preprocess(read_only(image)))


# Numba's workqueue layer, its last resort where neither TBB nor OpenMP is found, aborts the process on concurrent calls.
_one_at_a_time = threading.Lock()


@variant("ocr_preprocess", kind="numba")
def numba_parallel(image: np.ndarray) -> np.ndarray:
    """The same loops with prange over bands of rows: on all cores."""
    with _one_at_a_time:
        return np.asarray(_preprocess_parallel(read_only(image), max(1, min(get_num_threads(), len(image)))))
