"""The talk's loop as it was: box by box, everything asked of NumPy and OpenCV anew.

Each box costs a dozen calls on arrays of two numbers before its first pixel is computed. Only the rule for degenerate
boxes is added, at once for all of them, so that it hardly shows.
"""

from __future__ import annotations

import cv2
import numpy as np

from labkit.core import variant
from labkit.stages.crop_boxes import sizes


def loop(page: np.ndarray, boxes: np.ndarray) -> list[np.ndarray]:
    """A Python loop: norms, cv2.getPerspectiveTransform and cv2.warpPerspective a box."""
    # block: sizes
    good = sizes(boxes, page.shape)[:, 0] > 0

    crops: list[np.ndarray] = []
    for box, corners, fits in zip(boxes, boxes.astype(np.float64), good, strict=True):
        if not fits:
            crops.append(np.empty((0, 0, 3), np.uint8))
            continue

        # block: sizes
        lt, rt, rb, lb = corners
        width = int(max(np.linalg.norm(rt - lt), np.linalg.norm(rb - lb)))
        height = int(max(np.linalg.norm(lb - lt), np.linalg.norm(rb - rt)))

        # block: homography
        target = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], np.float32)
        matrix = cv2.getPerspectiveTransform(box, target)

        # block: warp
        crop = cv2.warpPerspective(page, matrix, (width, height))

        # block: collect
        crops.append(crop)
    return crops


variant("crop_boxes", kind="library", partial=loop)(loop)
