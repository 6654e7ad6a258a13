"""Stage ``saturation``: colours moved away from their grey, or towards it.

Read the files in this order: library (the peers), arrays, loops, native.
"""

from __future__ import annotations

import math
from typing import Annotated

from labkit.core import BGR, Real, Rows, SameShape, Within, stage

# The libraries blend in floats, some with a grey that is not rounded (half a level off, times |1 - factor|), some cut off the
# fraction (a level) and weigh grey in other integers (a level, times |1 - factor|): where colours are alike, all pixels by the
# same. The kinds written here are equal to the bit.
TOLERANCE = Within(2, mean=1)


def weight_of(factor: float) -> int:
    """The factor in 4096ths, rounded."""
    return math.floor(factor * 4096 + 0.5)


@stage(reference="opencv", agreement=TOLERANCE, split=Rows(), try_also={"factor": (0.0, 0.35, 1.0, 2.0)})
def saturation(image: BGR, factor: Annotated[float, Real(0, 2)] = 1.5) -> SameShape:
    """Scale each pixel's distance from its grey: 0 gives a grey picture, 1 the same, more gives stronger colours.

    Parameters
    ----------
    image : uint8 (h, w, 3) BGR, C-contiguous, h ≥ 1 and w ≥ 1.
    factor : 0 to 2, as far as augmentation goes (RandAugment takes 0.1 to 1.9).

    Returns
    -------
    uint8 (h, w, 3), C-contiguous: grey + ((w·(v - grey) + 2^11) >> 12), clipped to 0 … 255, for each v of blue, green and red,
        with grey as in the stage ``grey`` and w the factor in 4096ths, rounded. Variants of libraries may differ by 2 (see
        TOLERANCE). Another stage would be to scale the saturation of HSV, as TensorFlow and kornia do: hue and value stay.

    Raises
    ------
    TypeError : the image is no NumPy array, the factor no number.
    ValueError : another dtype or shape, an empty image, one that is not C-contiguous, a factor out of range or not finite.

    Source: P. Haeberli and D. Voorhies, "Image Processing By Interpolation and Extrapolation", IRIS Universe 28, 1994; as
    Pillow's ImageEnhance.Color.
    """
