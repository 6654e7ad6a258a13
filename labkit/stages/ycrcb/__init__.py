"""Stage ``ycrcb``: luma, and how far red and blue are from it.

Read the files in this order: library (the peers), arrays, loops, native.
"""

from __future__ import annotations

from labkit.core import BGR, Rows, SameShape, stage


@stage(reference="opencv", split=Rows())
def ycrcb(image: BGR) -> SameShape:
    """Turn blue, green and red into luma and two differences of colour.

    Parameters
    ----------
    image : uint8 (h, w, 3) BGR, C-contiguous, h ≥ 1 and w ≥ 1.

    Returns
    -------
    uint8 (h, w, 3), C-contiguous, as ``cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb)``, each clipped to 0 … 255:

        - y = (1868·b + 9617·g + 4899·r + 2^13) >> 14;
        - cr = 128 + (((r - y)·11682 + 2^13) >> 14), with 0.713 in 2^14ths;
        - cb = 128 + (((b - y)·9241 + 2^13) >> 14), with 0.564.

    Raises
    ------
    TypeError : the image is no NumPy array.
    ValueError : another dtype or shape, an empty image, an image that is not C-contiguous.

    Source: ITU-R BT.601 (the weights); OpenCV, imgproc/src/color_yuv.simd.hpp, RGB2YCrCb_i (the integers).
    """
