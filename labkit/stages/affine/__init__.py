"""Stage ``affine``: a picture turned, scaled, sheared and moved at once, with bilinear interpolation and a black border.

Read the files in this order: matrix, library (the reference and its peers), arrays, loops, native.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from labkit.core import Drawn, Image, SameShape, Within, stage
from labkit.stages.affine.matrix import Matrix, check_matrix, draw

# OpenCV rounds positions to 32nds of a pixel, other libraries don't: 1/64 in x and in y, and up to 1/1024 each from the whole
# steps before that, times 255 between neighbours, are 8.5, and values are rounded. On noise the mean difference is 1 level.
TOLERANCE = Within(9, mean=3)


def edge_cases() -> dict[str, tuple[np.ndarray, Matrix]]:
    """Nothing moved, by a whole and by half a pixel; mirrored; all of it outside; as small and as large as can be; flat."""
    random = np.random.default_rng(12)
    image, grey = random.integers(0, 256, (37, 70, 3), np.uint8), random.integers(0, 256, (41, 66), np.uint8)
    matrices = {
        "unmoved": Matrix(),
        "one pixel": Matrix(x0=1.0, y0=-1.0),
        "half a pixel": Matrix(x0=0.5, y0=0.5),
        "half a 32nd": Matrix(x0=1 / 64, y0=-1 / 64),
        "mirrored": Matrix(xx=-1.0, x0=69.0),
        "all outside": Matrix(x0=-71.0),
        "far outside": Matrix(x0=float(1 << 20), y0=-float(1 << 20)),
        "as small as can be": Matrix(15.0, 15.0, -500.0, -15.0, 15.0, 200.0),
        "enlarged": Matrix(0.01, 0.0, 30.0, 0.0, 0.01, 20.0),
        "a quarter turn": Matrix(0.0, 1.0, 0.0, -1.0, 0.0, 36.0),
        "flattened": Matrix(0.0, 0.0, 5.25, 0.0, 0.0, 7.75),
        "the last pixel alone": Matrix(x0=69.0, y0=36.0),
        "just outside": Matrix(x0=-0.97, y0=-0.97),
    }
    return {
        f"{name}{' of grey' * (picture is grey)}": (picture, matrix)
        for picture in (image, grey)
        for name, matrix in matrices.items()
    }


@stage(
    reference="opencv",
    agreement=TOLERANCE,
    edge_cases=edge_cases,
    empty_cells={
        "multiprocess": "any row may need any other: each process would be sent the picture; affine_many splits by images"
    },
)
def affine(
    image: Annotated[np.ndarray, Image(1, most=32766)] | Annotated[np.ndarray, Image(3, most=32766)],
    matrix: Annotated[Matrix, Drawn(Matrix, draw, check_matrix)],
) -> SameShape:
    """Fetch every pixel from where the matrix says, between four neighbours; what lies outside is 0.

    Parameters
    ----------
    image : uint8 (h, w) or (h, w, 3), C-contiguous, sides of 1 to 32766 pixels.
    matrix : a :class:`labkit.stages.affine.matrix.Matrix`: where each pixel of the output comes from, with parts from -15 to 15
        and offsets from -2^20 to 2^20. ``affine_many`` draws one for each image (:func:`labkit.stages.affine.matrix.draw`).

    Returns
    -------
    uint8, of the same shape, C-contiguous, as ``cv2.warpAffine(image, matrix, (w, h), flags=cv2.INTER_LINEAR |
        cv2.WARP_INVERSE_MAP)``. In 32nds of a pixel, x is (rint(1024·xx·column) + rint(1024·(xy·row + x0)) + 16) >> 5, and y
        likewise; i and a are the whole part and the rest of x, j and b of y. Then with v and v' at (j, i) and (j, i + 1), and w
        and w' below them, it is ((v·(32 - a) + v'·a)·(32 - b) + (w·(32 - a) + w'·a)·b + 512) >> 10. The kinds written here are
        equal to OpenCV's to the bit; other libraries don't round positions and differ by up to 9 (see TOLERANCE).

    Raises
    ------
    TypeError : the image is no NumPy array, the matrix no Matrix.
    ValueError : another dtype or shape, an empty image, one that is too large or not C-contiguous, a matrix out of range.

    Source: OpenCV, imgproc/src/imgwarp.cpp, warpAffine and remapBilinear (the whole steps).
    """
