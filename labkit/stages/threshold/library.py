"""The libraries that compute this.

scikit-image's threshold_otsu and zignal's decide between equally good levels otherwise, and kornia-rs has no threshold: they
are no variants. So does Intel's IPP, to which OpenCV's wheels hand Otsu's method: it is switched off for the length of the call,
as in ocr_preprocess, which is quicker too. Pillow and pyvips have no Otsu of their own: they count, and the level is found as
OpenCV does.
"""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from labkit.core import variant
from labkit.kinds.otsu import threshold as otsu


@variant("threshold", kind="library")
def opencv(image: np.ndarray, method: str = "otsu", level: int = 127) -> np.ndarray:
    """cv2.threshold, which counts for Otsu too."""
    if method == "fixed":
        return cv2.threshold(image, level, 255, cv2.THRESH_BINARY)[1]
    with_ipp = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    try:
        return cv2.threshold(image, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]
    finally:
        cv2.ipp.setUseIPP(with_ipp)


@variant("threshold", kind="library")
def opencv_hist(image: np.ndarray, method: str = "otsu", level: int = 127) -> np.ndarray:
    """cv2.calcHist, which counts on all of cv2's threads, then cv2.threshold with the level found."""
    if method == "otsu":
        level = otsu(cv2.calcHist([image.reshape(1, -1)], [0], None, [256], [0, 256])[:, 0].astype(int).tolist())
    return cv2.threshold(image, level, 255, cv2.THRESH_BINARY)[1]


@variant("threshold", kind="library")
def pillow(image: np.ndarray, method: str = "otsu", level: int = 127) -> np.ndarray:
    """Pillow's histogram, then a look-up of each pixel."""
    made = Image.fromarray(image)
    if method == "otsu":
        level = otsu(made.histogram())
    return np.array(made.point([0] * (level + 1) + [255] * (255 - level)))


@variant("threshold", kind="library", requires=("pyvips",))
def vips(image: np.ndarray, method: str = "otsu", level: int = 127) -> np.ndarray:
    """pyvips' histogram, then a comparison, whose answer is 0 or 255."""
    import pyvips

    made = pyvips.Image.new_from_array(image)
    if method == "otsu":
        level = otsu(made.hist_find().numpy().ravel().tolist())
    answer: np.ndarray = (made > level).numpy()
    return answer.reshape(image.shape)


@variant("threshold", kind="library", requires=("stringzilla",))
def stringzilla(image: np.ndarray, method: str = "otsu", level: int = 127) -> np.ndarray:
    """NumPy's bincount, then StringZilla's look-up of bytes, in place in a copy."""
    import stringzilla

    if method == "otsu":
        level = otsu(np.bincount(image.ravel(), minlength=256).tolist())
    out = image.copy()
    stringzilla.translate(out.data.cast("B"), bytes(level + 1) + b"\xff" * (255 - level), inplace=True)
    return out
