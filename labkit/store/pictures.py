"""Pictures in a run's folder: ``picture-NUMBER-{input,output,difference}.webp``, NUMBER the place in ``run.json``'s ``pictures``.

WebP keeps a photograph of 480 pixels in some 20 KB; the difference is kept without loss, since one pixel of it counts.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from labkit.measure.pictured import Pictures

PARTS = ("input", "output", "difference")
QUALITY = 85
LOSSLESS = 101  # what OpenCV calls so


def picture_facts(made: Pictures) -> dict[str, Any]:
    """Of what pictures are, and which parts there are, as ``run.json`` has it."""
    largest = made.largest if made.largest is not None and math.isfinite(made.largest) else None
    return {
        "stage": made.stage,
        "workload": made.workload,
        "variant": made.variant,
        "status": str(made.status),
        "reason": made.reason,
        "largest": largest,
        "differing": made.differing,
        "elements": made.elements,
        "parts": [part for part in PARTS if getattr(made, part) is not None],
    }


def write_pictures(made: Pictures, folder: Path, number: int) -> None:
    """Put the parts that there are into a folder."""
    for part in PARTS:
        image = getattr(made, part)
        if image is not None:
            (folder / _name(number, part)).write_bytes(webp(image, LOSSLESS if part == "difference" else QUALITY))


def read_pictures(folder: Path, number: int) -> dict[str, bytes]:
    """The parts that can be read, each as WebP."""
    files = {part: folder / _name(number, part) for part in PARTS}
    return {part: file.read_bytes() for part, file in files.items() if file.is_file()}


def webp(image: np.ndarray, quality: int) -> bytes:
    """A uint8 (h, w) or (h, w, 3) BGR image as WebP; raises ValueError for one that can't be written so."""
    done, content = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, quality])
    if not done:
        raise ValueError(f"an image of {image.dtype} {image.shape} can't be written as WebP")
    return content.tobytes()


def _name(number: int, part: str) -> str:
    return f"picture-{number}-{part}.webp"
