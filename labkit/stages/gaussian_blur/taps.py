"""The weights of OpenCV's blur of bytes, and which pixels lie under them."""

from __future__ import annotations

from functools import cache

import numpy as np

WHOLE = 256


@cache
def taps(sigma: float) -> np.ndarray:
    """Weights in 256ths, which add up to 256: int64 (n,), n odd, 6·sigma + 1 rounded.

    What rounding takes from one weight, the next one gets (error diffusion); the middle one gets what is over.

    Source: OpenCV, imgproc/src/smooth.dispatch.cpp, getGaussianKernelFixedPoint_ED.
    """
    count = int(np.rint(6 * sigma + 1)) | 1
    exact = np.exp(-0.5 / sigma**2 * np.arange(-(count // 2), count // 2 + 1.0) ** 2)
    exact *= WHOLE / exact.sum()
    side, error = [], 0.0
    for weight in exact[: count // 2]:
        side.append(int(np.rint(weight + error)))
        error += weight - side[-1]
    made = np.array([*side, WHOLE - 2 * sum(side), *side[::-1]])
    made.flags.writeable = False
    return made


def mirrored(side: int, radius: int) -> np.ndarray:
    """Where the pixels from -radius to side + radius - 1 are to be found: int64 (side + 2·radius,).

    Beyond the border the picture comes back, without the border's own pixel once more (BORDER_REFLECT_101).
    """
    period = max(1, 2 * (side - 1))
    places = np.arange(-radius, side + radius) % period
    return np.minimum(places, period - places) if side > 1 else places * 0
