"""simplejpeg: a thin wrapper of libjpeg-turbo's TurboJPEG interface."""

from __future__ import annotations

import numpy as np
from simplejpeg import decode_jpeg  # type: ignore[attr-defined]  # its __init__ has no __all__

from labkit.core import variant
from labkit.core.errors import NotOffered
from labkit.stages.decode.header import Header, header, readable


@variant("decode", kind="library")
def simplejpeg(data: np.ndarray, reduce: int = 1) -> np.ndarray:
    """``decode_jpeg`` straight to BGR; reduced by the least size that it may give."""
    found = header(data)
    if found.form != "jpeg":
        raise NotOffered("simplejpeg reads JPEG only")
    shape = found.shape(reduce)
    least = shape[:2] if reduce > 1 else (0, 0)
    if reduce > 1 and sum(_scaled(found, eighths) == least for eighths in range(1, 17)) > 1:
        raise NotOffered(f"simplejpeg asks for a size, and other reductions give {least[1]}×{least[0]} pixels too")
    with readable():  # releases the GIL
        image: np.ndarray = decode_jpeg(
            data, "GRAY" if found.channels == 1 else "BGR", min_height=least[0], min_width=least[1]
        )
    return image.reshape(shape)


def _scaled(found: Header, eighths: int) -> tuple[int, int]:
    """The size that TurboJPEG gives at one of its scales, 1/8 to 16/8: a tiny image has one size at several."""
    return -(-found.height * eighths // 8), -(-found.width * eighths // 8)
