"""Stage ``noise``: a camera's grain: Gaussian noise, the same for the same seed in every kind and on every machine.

Read the files in this order: arrays (the reference), agreement, library (the peers), loops, native.
"""

from __future__ import annotations

import math
from typing import Annotated

from labkit.core import BGR, Drawn, Grey, Real, SameShape, UsageError, stage
from labkit.core.draws import uniforms
from labkit.stages.noise.agreement import AsNoise

DEVIATION = math.sqrt(64**2 * 16 / 4 + 2 * (64**2 - 1) / 12)  # of a value before it is scaled, 130.6
WORD = 1 << 32


def draw(seed: int, index: int) -> int:
    """The seed of image ``index`` in the run with ``seed``."""
    return int(uniforms(seed, index, "noise", 1)[0] * WORD)


def check_seed(seed: int) -> None:
    """Raise UsageError for a seed out of range."""
    if not 0 <= seed < WORD:
        raise UsageError(f"seed is {seed}; give an integer from 0 to 2**32 - 1")


@stage(
    reference="numpy",
    agreement=AsNoise(),
    try_also={"sigma": (0.0, 1.0, 40.0, 128.0)},
    empty_cells={
        "multiprocess": "what is added depends on the place in the whole picture, which a part of it does not tell"
    },
)
def noise(
    image: Grey | BGR, seed: Annotated[int, Drawn(int, draw, check_seed)], sigma: Annotated[float, Real(0, 128)] = 10.0
) -> SameShape:
    """Add Gaussian noise to each value by itself, drawn from its place and the seed alone (a generator without state).

    Parameters
    ----------
    image : uint8 (h, w) or (h, w, 3), C-contiguous, h ≥ 1 and w ≥ 1.
    seed : 0 to 2^32 - 1; each gives other noise. ``noise_many`` draws one for each image.
    sigma : levels, 0 to 128: the standard deviation, taken in 251sts of a level.

    Returns
    -------
    uint8, of the same shape, C-contiguous: the value plus (z·w + 2^14) >> 15, clipped to 0 … 255.

        - w is sigma·2^15 / 130.6, rounded;
        - z is 64·ones + a + b - 575, of 32 bits h: ones counts those set of the lower 16, a and b are bits 16 to 21, 24 to 29.
          So z is a binomial number, smoothed: excess kurtosis -0.12, never beyond 4.4 standard deviations. What is added has
          the variance sigma² + 1/12, as it is a whole number;
        - h mixes the value's place i (along rows, channels within pixels, modulo 2^32) with two keys of the seed (:func:`keys`):
          i ^= key; i ^= i >> 16; i *= 0x7feb352d; i ^= other key; i ^= i >> 15; i *= 0x846ca68b; i ^= i >> 16, modulo 2^32.

        The kinds written here are equal to the bit; libraries have generators of their own, and agree in what can be said of
        noise (:class:`labkit.stages.noise.agreement.AsNoise`).

    Raises
    ------
    TypeError : the image is no NumPy array, the seed no integer, sigma no number.
    ValueError : another dtype or shape, an empty image, one that is not C-contiguous, a parameter out of range.

    Source: C. Wellons, "Prospecting for Hash Functions", 2018 (lowbias32, here with keys); counters in place of state:
    J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC11).
    """


def mixed(value: int, key: int = 0) -> int:
    """lowbias32, with a key between its products."""
    value = (value ^ value >> 16) * 0x7FEB352D % WORD ^ key
    value = (value ^ value >> 15) * 0x846CA68B % WORD
    return value ^ value >> 16


def keys(seed: int) -> tuple[int, int]:
    """Both keys of a seed, 32 bits each."""
    return mixed(seed ^ 0x9E3779B9), mixed(seed ^ 0x3C6EF372)


def weight_of(sigma: float) -> int:
    """By how many 2^15ths a value before scaling is multiplied."""
    return math.floor(sigma * 32768 / DEVIATION + 0.5)
