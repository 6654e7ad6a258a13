"""Papers to print on, made here: augraphy's package brings none, and generating one per page takes it up to 16 s.

A paper is noise whose spectrum falls off with the frequency, shaped in the Fourier domain; so it repeats without a seam,
and tiles cover a page of any size. Source: the spectral synthesis of textures, as in Peitgen & Saupe, "The Science of
Fractal Images" (1988), section 2.4.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

SIDE = 512  # of one tile, in pixels


class Paper(NamedTuple):
    """``slope``: how fast the spectrum falls; ``stretch``: how much longer than thick its fibres are; BGR and its spread."""

    slope: float
    stretch: float
    color: tuple[int, int, int]
    spread: float


PAPERS = (
    Paper(0.6, 1.0, (236, 241, 243), 4.0),  # smooth, bright
    Paper(1.0, 3.0, (221, 233, 238), 6.0),  # laid
    Paper(1.4, 1.0, (205, 222, 232), 9.0),  # stained
    Paper(0.9, 6.0, (212, 216, 218), 8.0),  # recycled, with fibres
)


@lru_cache(maxsize=len(PAPERS))
def tile(number: int) -> np.ndarray:
    """One tile of a paper: uint8 (512, 512, 3) BGR, read-only."""
    paper = PAPERS[number]
    rng = np.random.default_rng([20250301, number])
    y, x = np.meshgrid(np.fft.fftfreq(SIDE), np.fft.fftfreq(SIDE), indexing="ij")
    frequency = np.hypot(y, x * paper.stretch)
    frequency[0, 0] = 1
    spectrum = np.fft.fft2(rng.standard_normal((SIDE, SIDE))) / frequency**paper.slope
    spectrum[0, 0] = 0
    field = np.fft.ifft2(spectrum).real
    made = np.array(paper.color) + paper.spread * (field / field.std())[..., None]
    made = np.clip(np.rint(made), 180, 255).astype(np.uint8)
    made.flags.writeable = False
    return made


@lru_cache(maxsize=2 * len(PAPERS))
def sheet(number: int, tiles: int) -> np.ndarray:
    """``tiles`` × ``tiles`` tiles side by side: uint8 (512·tiles, 512·tiles, 3) BGR, read-only."""
    made = np.tile(tile(number), (tiles, tiles, 1))
    made.flags.writeable = False
    return made


def tiles_for(shape: tuple[int, ...]) -> int:
    """How many tiles are wider and higher than a page of (h, w, ...), so that augraphy cuts the page out and scales nothing."""
    return max(shape[:2]) // SIDE + 1
