"""Stage ``hsv``: hue, saturation and value of each pixel.

Read the files in this order: library (the peers), arrays, loops, native.
"""

from __future__ import annotations

import numpy as np

from labkit.core import BGR, Rows, SameShape, stage


@stage(reference="opencv", split=Rows())
def hsv(image: BGR) -> SameShape:
    """Turn blue, green and red into hue, saturation and value.

    Parameters
    ----------
    image : uint8 (h, w, 3) BGR, C-contiguous, h ≥ 1 and w ≥ 1.

    Returns
    -------
    uint8 (h, w, 3), C-contiguous, as ``cv2.cvtColor(image, cv2.COLOR_BGR2HSV)``: hue from 0 to 179 (half degrees; 180 comes
        out where it is rounded up to it), saturation and value from 0 to 255. With v = max, d = v - min:

        - s = (d·S[v] + 2^11) >> 12, with S[v] the rounded 255·2^12 / v, and S[0] = 0;
        - h = (t·H[d] + 2^11) >> 12, with H[d] the rounded 180·2^12 / (6·d), H[0] = 0, and t = g - b where r = v, else
          b - r + 2·d where g = v, else r - g + 4·d; 180 more where that is below 0.

    Raises
    ------
    TypeError : the image is no NumPy array.
    ValueError : another dtype or shape, an empty image, an image that is not C-contiguous.

    Source: OpenCV, imgproc/src/color_hsv.simd.hpp, RGB2HSV_b.
    """


def tables() -> tuple[np.ndarray, np.ndarray]:
    """S and H: int32 (256,) each."""
    levels = np.maximum(np.arange(256), 1)
    found = np.rint((255 << 12) / levels), np.rint((180 << 12) / (6 * levels))
    for one in found:
        one[0] = 0
    return found[0].astype(np.int32), found[1].astype(np.int32)
