"""Stage ``brightness_contrast``: every level times a factor, plus a term.

Read the files in this order: library (the peers), arrays, loops, native.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from labkit.core import BGR, Grey, Real, Rows, SameShape, stage


def table(alpha: float, beta: float) -> np.ndarray:
    """What each level becomes: uint8 (256,)."""
    values = np.arange(256, dtype=np.float32) * np.float32(alpha) + np.float32(beta)
    made: np.ndarray = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return made


@stage(reference="opencv", split=Rows(), try_also={"alpha": (-1.0, 3.7), "beta": (-300.0, 40.5)})
def brightness_contrast(
    image: Grey | BGR,
    alpha: Annotated[float, Real(-1000, 1000)] = 1.2,
    beta: Annotated[float, Real(-100000, 100000)] = 10.0,
) -> SameShape:
    """Multiply every level by ``alpha`` (contrast) and add ``beta`` (brightness).

    Parameters
    ----------
    image : uint8 (h, w) or (h, w, 3), C-contiguous, h ≥ 1 and w ≥ 1.
    alpha : factor, -1000 to 1000.
    beta : levels, -100,000 to 100,000.

    Returns
    -------
    uint8, of the same shape, C-contiguous: v·alpha + beta, each step rounded to float32, the sum to the nearest integer (halves
        to the even one), clipped to 0 … 255.

    Raises
    ------
    TypeError : the image is no NumPy array, alpha or beta no number.
    ValueError : another dtype or shape, an empty image, one that is not C-contiguous, a number out of range or not finite.
    """
