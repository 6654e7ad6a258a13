"""What in augraphy's modules is replaced while it runs: helpers on several Numba threads, here in NumPy on one.

``add_folding_noise`` draws inside its parallel loop: each Numba thread has a stream of its own that no seed reaches, so
the same call gives another image each time, and another on another number of threads. The other two are deterministic,
but they start Numba's thread pool inside a worker: after a fork that hangs or aborts, and its workqueue layer aborts
when two threads enter it at once. These are their equals: the same values (``add_folding_noise``: the same
distribution, drawn from numpy.random).

And ``random.randint``, which its highlighter asks for a number between two floats: an error from Python 3.12 on.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


def folding_noise(legacy: Any) -> Any:
    """A stand-in for ``augraphy.augmentations.lib.add_folding_noise`` that draws from ``legacy`` (numpy.random's functions)."""

    def add_folding_noise(img: np.ndarray, side: int, p: float = 0.1) -> np.ndarray:
        """Black specks, denser towards the fold: its chance is p times the cube of how near the column lies."""
        height, width = img.shape[:2]
        columns = np.arange(width)
        near = columns if side else width - columns
        img[legacy.random_sample((height, width)) < (near / width) ** 3 * p] = 0
        return img

    return add_folding_noise


def smooth(points: np.ndarray, iterations: int) -> np.ndarray:
    """Chaikin's corner cutting of a float64 (n, 2) polyline, keeping its ends; each iteration doubles the points."""
    for _ in range(iterations):
        step = points[1:] - points[:-1]
        path = np.zeros((2 * len(points), 2))
        path[0], path[-1] = points[0], points[-1]
        path[1:-1:2] = points[:-1] + step * 0.25
        path[2:-1:2] = points[:-1] + step * 0.75
        points = path
    return points


def fill_wave_mask(img_wave: np.ndarray, smooth_points: np.ndarray) -> None:
    """Fill a uint8 (h, w) mask with 255 from the top down to the lowest of the (x, y) points in each column."""
    lowest = np.zeros(img_wave.shape[1], np.int64)
    np.maximum.at(lowest, smooth_points[:, 0], smooth_points[:, 1])
    img_wave[np.arange(img_wave.shape[0])[:, None] < lowest] = 255


class WholeRandom:
    """The functions of ``source`` (the module random, or a Random), with a ``randint`` that takes whole floats too."""

    def __init__(self, source: Any) -> None:
        self.source = source

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)

    def randint(self, low: float, high: float) -> int:
        return self.source.randint(int(low), int(high))


@contextmanager
def serial_kernels() -> Iterator[None]:
    """augraphy without Numba's threads; call it within ``isolated()``, as it changes augraphy's modules."""
    from augraphy.augmentations import badphotocopy, lib, markup  # type: ignore[import-untyped]
    from augraphy.utilities import inkgenerator  # type: ignore[import-untyped]

    before = lib.add_folding_noise, markup.smooth, badphotocopy.smooth, badphotocopy.BadPhotoCopy.fill_wave_mask
    lib.add_folding_noise = folding_noise(np.random)
    markup.smooth = badphotocopy.smooth = smooth
    inkgenerator.random = WholeRandom(random)
    badphotocopy.BadPhotoCopy.fill_wave_mask = staticmethod(fill_wave_mask)
    try:
        yield
    finally:
        lib.add_folding_noise, markup.smooth, badphotocopy.smooth = before[:3]
        badphotocopy.BadPhotoCopy.fill_wave_mask = staticmethod(before[3])
        inkgenerator.random = random
