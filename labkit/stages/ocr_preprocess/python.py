"""No library at all: three loops over pixels."""

from __future__ import annotations

import numpy as np

from labkit.core import variant
from labkit.kinds.otsu import threshold
from labkit.stages.ocr_preprocess import BLUE, GREEN, RED, SHIFT


@variant("ocr_preprocess", kind="python")
def python(image: np.ndarray) -> np.ndarray:
    """Plain Python, pixel by pixel."""
    height, width, _ = image.shape

    # block: grey
    pixels = image.tobytes()
    half = 1 << (SHIFT - 1)
    grey = [
        (BLUE * blue + GREEN * green + RED * red + half) >> SHIFT
        for blue, green, red in zip(pixels[0::3], pixels[1::3], pixels[2::3], strict=True)
    ]

    # block: threshold
    histogram = [0] * 256
    for level in grey:
        histogram[level] += 1
    cut = threshold(histogram)
    white = [level > cut for level in grey]

    # block: denoise
    out = bytearray()
    rows = [white[y * width : (y + 1) * width] for y in range(height)]
    for y in range(height):
        upper, middle, lower = rows[max(y - 1, 0)], rows[y], rows[min(y + 1, height - 1)]
        columns = [a + b + c for a, b, c in zip(upper, middle, lower, strict=True)]
        columns = [columns[0], *columns, columns[-1]]
        out += bytes(255 if sum(columns[x : x + 3]) >= 5 else 0 for x in range(width))
    return np.array(out, np.uint8).reshape(height, width)
