"""Stage ``lab``: CIE L*a*b* of each pixel, in bytes.

Read the files in this order: library (the peers), arrays, loops, native.
"""

from __future__ import annotations

import numpy as np

from labkit.core import BGR, Rows, SameShape, stage

WEIGHTS = ((1777, 1541, 778), (871, 2929, 296), (73, 448, 3575))  # of red, green and blue in X, Y and Z, in 4096ths
LIGHTNESS = -((16 * 255 * (1 << 15) + 50) // 100)


def tables() -> tuple[np.ndarray, np.ndarray]:
    """Linear light of each level in 2040ths, and of those the cube root in 2^15ths: int32 (256,) and (2041,)."""
    level, light = np.arange(256) / 255, np.arange(2041) / 2040
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    root = np.where(light < 216 / 24389, light * (841 / 108) + 16 / 116, np.cbrt(light))
    return np.rint(2040 * linear).astype(np.int32), np.rint(32768 * root.astype(np.float32)).astype(np.int32)


@stage(reference="opencv", split=Rows())
def lab(image: BGR) -> SameShape:
    """Turn blue, green and red (sRGB, under D65) into lightness and two axes of colour.

    Parameters
    ----------
    image : uint8 (h, w, 3) BGR, C-contiguous, h ≥ 1 and w ≥ 1.

    Returns
    -------
    uint8 (h, w, 3), C-contiguous, as ``cv2.cvtColor(image, cv2.COLOR_BGR2Lab)``: L·255/100, a + 128 and b + 128. With g the
        linear light of a level in 2040ths, and f the cube root (near 0 the line that continues it) in 2^15ths, both in whole
        numbers from a table:

        - x = (1777·g(r) + 1541·g(g) + 778·g(b) + 2^11) >> 12; y with 871, 2929, 296; z with 73, 448, 3575;
        - L = (296·f(y) - 1336934 + 2^14) >> 15;
        - a = 128 + ((500·(f(x) - f(y)) + 2^14) >> 15);
        - b = 128 + ((200·(f(y) - f(z)) + 2^14) >> 15).

    Raises
    ------
    TypeError : the image is no NumPy array.
    ValueError : another dtype or shape, an empty image, an image that is not C-contiguous.

    Source: CIE 15; IEC 61966-2-1 (sRGB); OpenCV, imgproc/src/color_lab.cpp, RGB2Lab_b (the integers).
    """
