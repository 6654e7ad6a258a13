"""kornia-rs: the Rust crate ``png`` with its own inflate, and libjpeg-turbo.

The other PNG decoders spend most of their time in zlib, and their wheels (OpenCV's, Pillow's, imagecodecs') take that
from the system: on Debian 12 zlib 1.2.13, although Pillow's was built against zlib-ng. The crate brings its own inflate
(fdeflate) and decodes about three times as fast as OpenCV. It keeps the GIL all the while (measured: another thread
stood still for 76 of 80 ms), so that decoding many files at once with it needs processes.
"""

from __future__ import annotations

import numpy as np
from kornia_rs import io

from labkit.core import variant
from labkit.core.errors import NotOffered
from labkit.stages.decode.header import header, readable
from labkit.stages.decode.imagecodecs import bgr_order

MODES = {1: "mono", 3: "rgb", 4: "rgba"}


@variant("decode", kind="library")
def kornia(data: np.ndarray, reduce: int = 1) -> np.ndarray:
    """``decode_image_png_u8`` or ``decode_image_jpegturbo``, then a swap of channels."""
    found = header(data)
    if reduce != 1:
        raise NotOffered("kornia-rs decodes in full size only")
    content = data.tobytes()  # it takes bytes only, whose copy is cheap beside the decoding
    with readable():
        if found.form == "png":
            image = io.decode_image_png_u8(content, (found.height, found.width), MODES[found.channels])
        else:
            image = io.decode_image_jpegturbo(content, MODES[found.channels])
    return bgr_order(image.reshape(found.shape()))
