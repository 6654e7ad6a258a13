"""Other libraries' parts. All three steps are in Pillow and in scikit-image too, but not the same three.

Pillow's grey has its own weights, and scikit-image's threshold its own arithmetic: both differ from the contract in some
pixels of most photographs. What they share is the median of nine, and for two values a mean of nine does as well. So each
variant here takes grey and threshold from OpenCV and shows another way to denoise.
"""

from __future__ import annotations

import cv2
import numpy as np

from labkit.core import variant


def black_and_white(image: np.ndarray) -> np.ndarray:
    """OpenCV's grey and Otsu's threshold, as the reference takes them: uint8 (h, w), 0 or 255."""
    with_ipp = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    try:
        # block: grey
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)

        # block: threshold
        cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU, dst=grey)
        return grey
    finally:
        cv2.ipp.setUseIPP(with_ipp)


@variant("ocr_preprocess", kind="library")
def opencv_box(image: np.ndarray) -> np.ndarray:
    """cv2.boxFilter instead of the median: five whites of nine have a mean of 142, four one of 113."""
    white = black_and_white(image)

    # block: denoise
    mean = cv2.boxFilter(white, -1, (3, 3), borderType=cv2.BORDER_REPLICATE)
    return cv2.threshold(mean, 127, 255, cv2.THRESH_BINARY)[1]


@variant("ocr_preprocess", kind="library", requires=("PIL",))
def pillow_median(image: np.ndarray) -> np.ndarray:
    """PIL.ImageFilter.MedianFilter(3): sorts nine values a pixel."""
    from PIL import Image, ImageFilter

    white = black_and_white(image)

    # block: denoise
    return np.array(Image.fromarray(white).filter(ImageFilter.MedianFilter(3)))


@variant("ocr_preprocess", kind="library", requires=("scipy",))
def scipy_median(image: np.ndarray) -> np.ndarray:
    """scipy.ndimage.median_filter of 3×3 pixels, the border repeated."""
    from scipy.ndimage import median_filter  # type: ignore[import-untyped]

    white = black_and_white(image)

    # block: denoise
    return np.asarray(median_filter(white, 3, mode="nearest"))
