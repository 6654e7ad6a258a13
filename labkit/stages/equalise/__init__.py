"""Stage ``equalise``: levels spread so that each range of them holds as many pixels.

Read the files in this order: library (the peers), arrays, loops, native.
"""

from __future__ import annotations

import numpy as np

from labkit.core import Grey, SameShape, stage


def table(counts: np.ndarray) -> np.ndarray:
    """What each level becomes, uint8 (256,), of how often each comes, int64 (256,)."""
    total, first = int(counts.sum()), int(np.argmax(counts > 0))
    made = np.full(256, first, np.uint8)
    rest = total - int(counts[first])
    if rest:
        below = np.cumsum(counts) - counts[first]
        values = below.astype(np.float32) * (np.float32(255) / np.float32(rest))
        made = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return made


@stage(
    reference="opencv",
    empty_cells={
        "multiprocess": "a level's place is the whole picture's, and to look it up is quicker than to send a picture"
    },
)
def equalise(image: Grey) -> SameShape:
    """Equalise the histogram.

    Parameters
    ----------
    image : uint8 (h, w), C-contiguous, h ≥ 1 and w ≥ 1.

    Returns
    -------
    uint8 (h, w), C-contiguous, as ``cv2.equalizeHist(image)``: with n(v) the pixels of level v or less, f those of the lowest
        level that comes, and N all of them, v becomes (n(v) - f) · s, where s = 255 / (N - f); each step rounded to float32,
        the product to the nearest integer (halves to the even one). A picture of one level stays as it is.

    Raises
    ------
    TypeError : the image is no NumPy array.
    ValueError : another dtype or shape, an empty image, an image that is not C-contiguous.

    Source: OpenCV, imgproc/src/histogram.cpp, equalizeHist.
    """
