"""The libraries that make mosaics. scikit-image's block_reduce fills up with zeros; kornia-rs and zignal have none."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from labkit.core import variant


@variant("pixelate", kind="library")
def opencv(image: np.ndarray, block: int = 16) -> np.ndarray:
    """cv2.resize with INTER_AREA down and INTER_NEAREST up; what the grid leaves over at the right and below for itself."""
    out = np.empty_like(image)
    height, width = (side - side % block for side in image.shape[:2])
    for rows in (slice(0, height), slice(height, None)):
        for columns in (slice(0, width), slice(width, None)):
            part = image[rows, columns]
            if part.size:
                high, wide = part.shape[:2]
                cells = cv2.resize(part, (max(1, wide // block), max(1, high // block)), interpolation=cv2.INTER_AREA)
                out[rows, columns] = cv2.resize(cells, (wide, high), interpolation=cv2.INTER_NEAREST).reshape(
                    part.shape
                )
    return out


@variant("pixelate", kind="library")
def pillow(image: np.ndarray, block: int = 16) -> np.ndarray:
    """Pillow's reduce, which knows smaller cells at the border, then its nearest neighbours."""
    height, width = image.shape[:2]
    cells = Image.fromarray(image).reduce(block) if block > 1 else Image.fromarray(image)
    large = cells.resize((cells.width * block, cells.height * block), Image.Resampling.NEAREST)
    return np.array(large)[:height, :width].copy()
