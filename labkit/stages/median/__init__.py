"""Stage ``median``: each pixel becomes the median of its neighbourhood.

Read the files in this order: library (the peers), arrays, loops, networks.hpp and native.
"""

from __future__ import annotations

from typing import Annotated

from labkit.core import BGR, Grey, OneOf, Rows, SameShape, stage


@stage(reference="opencv", split=Rows(halo=lambda image, size: size // 2), try_also={"size": (3, 5, 9)})
def median(image: Grey | BGR, size: Annotated[int, OneOf((3, 5, 7, 9))] = 7) -> SameShape:
    """Median of each size×size neighbourhood, channel by channel; the border is repeated outwards.

    Parameters
    ----------
    image : uint8 (h, w) or (h, w, 3), C-contiguous, h ≥ 1 and w ≥ 1.
    size : pixels, 3, 5, 7 or 9.

    Returns
    -------
    uint8, of the same shape, C-contiguous, as ``cv2.medianBlur(image, size)``: the middle one of the size² values around each.

    Raises
    ------
    TypeError : the image is no NumPy array, size no integer.
    ValueError : another dtype or shape, an empty image, one that is not C-contiguous, another size.

    Source: J. W. Tukey, "Exploratory Data Analysis", 1977; OpenCV, imgproc/src/median_blur.simd.hpp.
    """
