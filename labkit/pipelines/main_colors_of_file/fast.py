"""Colours packed by bit shifts, one preallocated panel."""

from __future__ import annotations

from pathlib import Path

import cv2

from labkit.core import variant
from labkit.pipelines.main_colors_of_file import with_alpha
from labkit.stages.main_colors import MainColors
from labkit.stages.main_colors import fast as kernel


@variant("main_colors_of_file", kind="numpy")
def fast(path: str | Path, n: int = 6) -> MainColors:
    """``cv2.imread``, then the stage's fast."""
    # block: load
    image = with_alpha(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), path)

    # block: main colours
    return kernel.fast(image, n)
