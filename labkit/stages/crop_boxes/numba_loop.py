"""Loops that Numba compiles, over boxes, rows and pixels: no temporary arrays, and no call into OpenCV a box.

Numba has no cheap way to make 1528 arrays that outlive the call, so the pixels go into one flat buffer that is cut up
into copies. A box that keeps off the page's border needs no question a pixel whether its neighbours exist.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, prange

from labkit.core import variant
from labkit.stages.crop_boxes import sizes
from labkit.stages.crop_boxes.homography import homographies

CLEAR = 0.01  # pixels between a box and the border: more than rounding can move a position
BITS = 11  # positions are rounded to 1/2048 pixel, so that weights and sums are integers
STEPS, MASK, HALF = 1 << BITS, (1 << BITS) - 1, 1 << (2 * BITS - 1)
FAR = 1 << 20  # pixels: added, every position is positive, and truncating it is the same as rounding down


@njit(inline="always")
def _steps(position):  # type: ignore[no-untyped-def]
    """A position in pixels, rounded to steps of 1/2048 pixel."""
    return np.int64(position * STEPS + (FAR * STEPS + 0.5)) - FAR * STEPS


@njit(inline="always")
def _value(page, x, y, channel):  # type: ignore[no-untyped-def]
    """One channel of a page's pixel; 0 outside."""
    if 0 <= x < page.shape[1] and 0 <= y < page.shape[0]:
        return np.int64(page[y, x, channel])
    return np.int64(0)


@njit(inline="always")
def _crop(page, box, m, width, height, out):  # type: ignore[no-untyped-def]
    """Fill ``out`` (3 · width · height bytes) with the crop of one box; ``m`` takes its pixels to the page's."""
    clear = True
    for n in range(4):
        clear &= CLEAR < box[n, 0] < page.shape[1] - 1 - CLEAR and CLEAR < box[n, 1] < page.shape[0] - 1 - CLEAR
    flat = page.reshape(-1)
    line = np.uint64(page.shape[1] * 3)  # unsigned: a signed index would be asked whether it counts from the end
    step_x, step_y, step_depth = m[0, 0], m[1, 0], m[2, 0]
    k = np.uint64(0)
    for j in range(height):
        from_x, from_y = m[0, 1] * j + m[0, 2], m[1, 1] * j + m[1, 2]
        from_depth = m[2, 1] * j + m[2, 2]
        for i in range(width):
            depth = 1.0 / (step_depth * i + from_depth)
            x, y = _steps((step_x * i + from_x) * depth), _steps((step_y * i + from_y) * depth)
            left, top, u, v = x >> BITS, y >> BITS, x & MASK, y & MASK
            w00, w01, w10, w11 = (STEPS - u) * (STEPS - v), u * (STEPS - v), (STEPS - u) * v, u * v
            if clear:
                above = np.uint64(top) * line + np.uint64(left * 3)
                for _ in range(3):
                    below = above + line
                    upper = w00 * np.int64(flat[above]) + w01 * np.int64(flat[above + np.uint64(3)])
                    lower = w10 * np.int64(flat[below]) + w11 * np.int64(flat[below + np.uint64(3)])
                    out[k] = np.uint8((upper + lower + HALF) >> (2 * BITS))
                    above += np.uint64(1)
                    k += np.uint64(1)
            else:
                for channel in range(3):
                    upper = w00 * _value(page, left, top, channel) + w01 * _value(page, left + 1, top, channel)
                    lower = w10 * _value(page, left, top + 1, channel) + w11 * _value(page, left + 1, top + 1, channel)
                    out[k] = np.uint8((upper + lower + HALF) >> (2 * BITS))
                    k += np.uint64(1)


@njit(cache=True, nogil=True, error_model="numpy")  # no question a pixel whether a divisor is 0
def _fill(page, boxes, matrices, shapes, ends, buffer):  # type: ignore[no-untyped-def]
    for n in range(len(shapes)):
        width, height = shapes[n]
        _crop(page, boxes[n], matrices[n], width, height, buffer[ends[n] - 3 * width * height : ends[n]])


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def _fill_parallel(page, boxes, matrices, shapes, ends, buffer):  # type: ignore[no-untyped-def]
    for n in prange(len(shapes)):
        width, height = shapes[n, 0], shapes[n, 1]
        _crop(page, boxes[n], matrices[n], width, height, buffer[ends[n] - 3 * width * height : ends[n]])


def _crops(page: np.ndarray, boxes: np.ndarray, fill: Callable[..., Any]) -> list[np.ndarray]:
    # block: sizes
    shapes = sizes(boxes, page.shape)
    areas = shapes[:, 0] * shapes[:, 1]
    good = areas > 0
    ends = 3 * np.cumsum(areas)

    # block: homography
    kept, kept_shapes = boxes[good], shapes[good]
    matrices = homographies(kept, kept_shapes)

    # block: warp
    buffer = np.empty(int(ends[-1]) if len(ends) else 0, np.uint8)
    fill(page, kept, matrices, kept_shapes, ends[good], buffer)

    # block: collect
    return [
        buffer[end - 3 * width * height : end].reshape(height, width, 3).copy()
        for end, (width, height) in zip(ends.tolist(), shapes.tolist(), strict=True)
    ]


def numba_loop(page: np.ndarray, boxes: np.ndarray) -> list[np.ndarray]:
    """Compiled loops over boxes and pixels, positions to 1/2048 pixel; one thread."""
    return _crops(page, boxes, _fill)


variant("crop_boxes", kind="numba", partial=numba_loop)(numba_loop)

# Numba's workqueue layer, its last resort where neither TBB nor OpenMP is found, aborts the process on concurrent calls.
_one_at_a_time = threading.Lock()


@variant("crop_boxes", kind="numba")
def numba_parallel(page: np.ndarray, boxes: np.ndarray) -> list[np.ndarray]:
    """The same loops with prange over the boxes: on all cores."""

    def fill(*arguments: Any) -> None:
        with _one_at_a_time:
            _fill_parallel(*arguments)

    return _crops(page, boxes, fill)
