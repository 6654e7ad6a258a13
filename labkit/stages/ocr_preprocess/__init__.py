"""Stage ``ocr_preprocess``: what a page goes through before its letters are read: grey, Otsu's threshold, denoise.

Read the files in this order to see how it got fast: opencv, python, numpy_slices, library, numba_loop, cython_loop,
native, gpu. Beside them: otsu (the threshold's arithmetic, of which every bit matters) and workloads.
"""

from __future__ import annotations

from labkit.core import BGR, Grey, stage
from labkit.stages.ocr_preprocess import workloads

# cv2's grey: rounded 0.114, 0.587 and 0.299 of 2^15 (RGB2Gray in imgproc/src/color_rgb.simd.hpp), the same for every
# one of the 16.8 million colours.
BLUE, GREEN, RED, SHIFT = 3735, 19235, 9798, 15


@stage(
    reference="opencv",
    workloads=workloads.ALL,
    edge_cases=workloads.edge_cases,
    empty_cells={
        "multiprocess": "no row can be written before all rows are counted: two rounds through processes, for less than a "
        "millisecond of work; whole images are dealt out instead, in ocr_preprocess_many"
    },
)
def ocr_preprocess(image: BGR) -> Grey:
    """Turn a picture of text into black and white: grey, Otsu's threshold, then a 3×3 median against specks.

    Parameters
    ----------
    image : uint8 (h, w, 3) BGR, C-contiguous, h ≥ 1 and w ≥ 1.

    Returns
    -------
    uint8 (h, w), C-contiguous, 0 or 255:

    - grey = (3735·b + 19235·g + 9798·r + 2^14) >> 15, as ``cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)``;
    - Otsu's threshold t of the grey levels, as ``cv2.threshold(grey, 0, 255, cv2.THRESH_OTSU)`` finds it in float64 (see
      :func:`labkit.kinds.otsu.threshold`): 255 where grey > t. One level only gives t = 0;
    - the median of each 3×3 neighbourhood, as ``cv2.medianBlur(..., 3)``: the border is repeated outwards.

    The talk's chain only says «denoise». After a threshold that is the median: of nine pixels that are black or white it
    takes the majority, removes specks and pinholes of up to four pixels, keeps straight edges and stays black and white.
    (It also takes strokes that are one pixel wide: scan small print finely enough.)
    Non-local means (``cv2.fastNlMeansDenoising``) averages grey levels of like patches: it belongs before a threshold,
    gives greys again, and takes some thousand times as long.

    Raises
    ------
    TypeError : the image is no NumPy array.
    ValueError : another dtype or shape, an empty image, an image that is not C-contiguous.

    Source: a 2025 blog on augmenting images on all cores (its OCR dataset: grey → Otsu → denoise). N. Otsu, "A Threshold
    Selection Method from Gray-Level Histograms", IEEE Trans. SMC 9(1), 1979.
    """
