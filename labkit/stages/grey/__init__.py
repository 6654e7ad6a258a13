"""Stage ``grey``: one level of grey for each pixel's blue, green and red.

Every idea in every kind: loops (interpreted, Numba, Cython), arrays (NumPy, torch), library, native.
"""

from labkit.core import BGR, Grey, Rows, stage


@stage(reference="opencv", split=Rows())
def grey(image: BGR) -> Grey:
    """Weigh blue, green and red to one level of grey.

    Parameters
    ----------
    image : uint8 (h, w, 3) BGR, C-contiguous, h ≥ 1 and w ≥ 1.

    Returns
    -------
    uint8 (h, w), C-contiguous: (3735·b + 19235·g + 9798·r + 2^14) >> 15, as ``cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)``:
        the rounded 0.114, 0.587 and 0.299 of 2^15.

    Raises
    ------
    TypeError : the image is no NumPy array.
    ValueError : another dtype or shape, an empty image, an image that is not C-contiguous.

    Source: ITU-R BT.601 (the weights); OpenCV, imgproc/src/color_rgb.simd.hpp, RGB2Gray (the integers).
    """
