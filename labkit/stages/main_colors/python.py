"""No library at all: a dictionary counts pixel by pixel. Where everybody starts, and what the others must agree with."""

from __future__ import annotations

from collections import Counter

import numpy as np

from labkit.core import variant
from labkit.stages.main_colors import BAND, MainColors


@variant("main_colors", kind="python")
def python(image: np.ndarray, n: int = 6) -> MainColors:
    """A Counter over the pixels, one Python object each."""
    # block: count
    pixels = iter(image.tobytes())
    counts = Counter((b, g, r) for b, g, r, alpha in zip(pixels, pixels, pixels, pixels, strict=True) if alpha)

    # block: choose
    best = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:n]

    # block: panel
    panel = b"".join(bytes(color) * (BAND[0] * BAND[1]) for color, _ in best)
    return MainColors(
        np.array([color for color, _ in best], np.uint8).reshape(-1, 3),
        np.array([count for _, count in best], np.int64),
        np.frombuffer(bytearray(panel), np.uint8).reshape(-1, BAND[1], 3).copy(),
    )
