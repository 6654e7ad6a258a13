"""Stage ``outliers``: four numbers of a picture by which odd ones among many are found: dark, flat, blurred, empty.

Read the files in this order: library (the peers), arrays, loops, native; :func:`leaving` says which of many rows leave the rest.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from labkit.core import Grey, Shaped, UsageError, Within, stage

NUMBERS = ("mean", "contrast", "sharpness", "entropy")

# The sums are whole numbers and exact; OpenCV and SciPy add up squares in float64. Sharpness reaches 1020² = 10^6, of which
# float64 knows 10^-10, and rounding in sums of 10^7 terms adds a few digits to that.
TOLERANCE = 1e-6


@stage(
    reference="opencv",
    agreement=Within(TOLERANCE),
    empty_cells={
        "multiprocess": "it reads a picture once: to send it to a process takes longer; outliers_many splits by images"
    },
)
def outliers(image: Grey) -> Annotated[np.ndarray, Shaped(lambda image: (4,), "float64")]:
    """Take a grey picture's mean, contrast, sharpness and entropy.

    Parameters
    ----------
    image : uint8 (h, w), C-contiguous, h ≥ 1 and w ≥ 1.

    Returns
    -------
    float64 (4,): the mean of its levels; their standard deviation (of n, not n - 1); the variance of its Laplacian, as
        ``cv2.Laplacian(image, cv2.CV_64F).var()`` (above + below + left + right - 4·here, mirrored beyond the border, the border
        not repeated); the entropy of its histogram in bits, 0 to 8.

    Raises
    ------
    TypeError : the image is no NumPy array.
    ValueError : another dtype or shape, an empty image, one that is not C-contiguous.

    Source: J. L. Pech-Pacheco et al., "Diatom Autofocusing in Brightfield Microscopy: a Comparative Study", ICPR 2000 (the
    variance of the Laplacian); C. E. Shannon, "A Mathematical Theory of Communication", 1948.
    """


def numbers(counts: np.ndarray, total: int, squares: int) -> np.ndarray:
    """The row float64 (4,) of a picture's histogram, int64 (256,), and of the sum and the sum of squares of its Laplacian."""
    size, levels = int(counts.sum()), np.arange(256)
    middle = int((counts * levels).sum()) // size  # deviations from the mean would cancel out less well from 0
    offset = int((counts * (levels - middle)).sum()) / size
    variance = int((counts * (levels - middle) ** 2).sum()) / size - offset**2
    shares = counts[counts > 0] / size
    sharpness = squares / size - (total / size) ** 2
    entropy = max(0.0, -float((shares * np.log2(shares)).sum()))
    return np.array([middle + offset, max(0.0, variance) ** 0.5, max(0.0, sharpness), entropy])


def leaving(rows: np.ndarray, limit: float = 3.5) -> np.ndarray:
    """Which numbers of which pictures leave the rest: bool (n, k) for float (n, k); ``.any(axis=1)`` tells the pictures.

    A number leaves where it is further than ``limit`` from its column's median, in units of the column's median absolute
    deviation / 0.6745, which for normal values is the standard deviation, and which outliers, up to half of all, do not move.
    Where more than half of a column are equal that deviation is 0: then the mean absolute deviation · 1.2533 is the unit, and
    where all are equal nothing leaves.

    Raises UsageError for rows of another shape or with NaN, and for a limit that is not above 0.

    Source: B. Iglewicz, D. C. Hoaglin, "How to Detect and Handle Outliers", ASQC 1993 (0.6745 and 3.5); the mean in place of a
    median of 0: IBM Cognos Analytics, "Modified z score" (1.2533).
    """
    rows = np.asarray(rows, float)
    if rows.ndim != 2 or np.isnan(rows).any():
        raise UsageError(f"rows is {rows.dtype} {rows.shape}; give (pictures, numbers) without NaN")
    if not limit > 0:
        raise UsageError(f"limit is {limit}; give a number above 0")
    if not len(rows):
        return np.zeros(rows.shape, bool)
    away = np.abs(rows - np.median(rows, axis=0))
    unit = np.median(away, axis=0) / 0.6745
    unit = np.where(unit > 0, unit, away.mean(axis=0) * 1.2533)
    found: np.ndarray = away > limit * unit
    return found
