"""Most boxes are parallelograms: for them cv2.warpAffine steps through the page by addition, without a division a pixel.

Only boxes whose corners leave the parallelogram by more than 1/1024 pixel (what rounding corners to float32 does to a
large page) are warped in perspective.
"""

from __future__ import annotations

import cv2
import numpy as np

from labkit.core import variant
from labkit.stages.crop_boxes import sizes
from labkit.stages.crop_boxes.homography import homographies

BEND = (
    1 / 1024
)  # pixels; cv2.warpAffine rounds positions to that (AB_BITS in imgwarp.cpp), and then to 1/32 like the other


def affine(page: np.ndarray, boxes: np.ndarray) -> list[np.ndarray]:
    """The same, but cv2.warpAffine wherever a box is a parallelogram."""
    # block: sizes
    shapes = sizes(boxes, page.shape)
    good = shapes[:, 0] > 0
    kept = boxes[good]

    # block: homography
    matrices = homographies(kept, shapes[good])
    lt, rt, rb, lb = kept.astype(np.float64).swapaxes(0, 1)
    flat = (np.abs(lt - rt + rb - lb) <= BEND).all(axis=1)
    upper = matrices[:, :2].copy()

    # block: collect
    empty, uint8 = np.empty, np.uint8
    crops = [empty((height, width, 3), uint8) for width, height in shapes.tolist()]

    # block: warp
    warp, warp_flat, how = cv2.warpPerspective, cv2.warpAffine, cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    filled = crops if good.all() else [crop for crop in crops if crop.size]
    for crop, matrix, rows, is_flat in zip(filled, matrices, upper, flat.tolist(), strict=True):
        if is_flat:
            warp_flat(page, rows, crop.shape[1::-1], crop, how)
        else:
            warp(page, matrix, crop.shape[1::-1], crop, how)
    return crops


variant("crop_boxes", kind="library", partial=affine)(affine)
