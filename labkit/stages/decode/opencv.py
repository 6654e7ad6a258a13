"""OpenCV's decoder, the reference: libpng on the system's zlib, and libjpeg-turbo."""

from __future__ import annotations

import cv2
import numpy as np

from labkit.core import UsageError, variant
from labkit.stages.decode.header import header, readable

REDUCED_GRAY = {2: cv2.IMREAD_REDUCED_GRAYSCALE_2, 4: cv2.IMREAD_REDUCED_GRAYSCALE_4, 8: cv2.IMREAD_REDUCED_GRAYSCALE_8}
REDUCED_COLOR = {2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}


@variant("decode", kind="library")
def opencv(data: np.ndarray, reduce: int = 1) -> np.ndarray:
    """``cv2.imdecode`` as the file is, or one of its ``IMREAD_REDUCED_*`` modes."""
    # IMREAD_UNCHANGED turns nothing by EXIF; the reduced modes do unless told not to. For a JPEG they are libjpeg's
    # scaled inverse DCT; for a PNG cv2 would decode in full and resize, which is why the contract refuses that.
    flags = cv2.IMREAD_UNCHANGED
    if reduce > 1:
        modes = REDUCED_GRAY if header(data).channels == 1 else REDUCED_COLOR
        flags = modes[reduce] | cv2.IMREAD_IGNORE_ORIENTATION
    # Releases the GIL: while it decodes, another thread ran every millisecond or two (tests/stages/test_decode.py).
    with readable():
        image = cv2.imdecode(data, flags)
    if image is None:  # what went wrong cv2 only writes to standard error
        raise UsageError("data can't be decoded: cv2.imdecode gave None, so the file is damaged or truncated")
    return image
