"""Everything that can be done for all boxes at once leaves the loop; what stays is one OpenCV call a box.

The loop spends two thirds of its time on getPerspectiveTransform, on norms of two numbers and on the small arrays
between them. Here sizes and matrices come from a few NumPy calls on long rows; the matrices have the direction that the
warp needs, so that it has nothing to invert; and the warp writes into an array that is there already.

Tried and left out, since neither gained anything: cutting the page to a box's surroundings before the warp (the warp
looks at no other pixels anyway, and making the view costs), and cv2.setNumThreads(1) (a small warp is never split).
"""

from __future__ import annotations

import cv2
import numpy as np

from labkit.core import variant
from labkit.stages.crop_boxes import sizes
from labkit.stages.crop_boxes.homography import homographies


def hoisted(page: np.ndarray, boxes: np.ndarray) -> list[np.ndarray]:
    """Sizes and closed-form homographies for all boxes at once, then cv2.warpPerspective a box."""
    # block: sizes
    shapes = sizes(boxes, page.shape)
    good = shapes[:, 0] > 0

    # block: homography
    matrices = homographies(boxes[good], shapes[good])

    # block: collect
    empty, uint8 = np.empty, np.uint8
    crops = [empty((height, width, 3), uint8) for width, height in shapes.tolist()]

    # block: warp
    warp, how = cv2.warpPerspective, cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    filled = crops if good.all() else [crop for crop in crops if crop.size]
    for crop, matrix in zip(filled, matrices, strict=True):
        warp(page, matrix, crop.shape[1::-1], crop, how)
    return crops


variant("crop_boxes", kind="library", partial=hoisted)(hoisted)
