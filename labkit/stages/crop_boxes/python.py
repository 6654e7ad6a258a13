"""No library at all: three nested loops, and every pixel blended from its four neighbours. Far too slow for a page.

It does not round positions to 1/32 pixel as OpenCV does, so it shows what bilinear means.
"""

from __future__ import annotations

import math

import numpy as np

from labkit.core import variant
from labkit.stages.crop_boxes import sizes


def matrix_of(box: list[list[float]], width: int, height: int) -> tuple[float, ...]:
    """a, b, c, d, e, f, g, h of the map (x, y) → (ax + by + c, dx + ey + f) / (gx + hy + 1) from crop to page."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = box
    ux, uy, vx, vy = x1 - x2, y1 - y2, x3 - x2, y3 - y2
    bend_x, bend_y = x0 - x1 + x2 - x3, y0 - y1 + y2 - y3
    cross = ux * vy - vx * uy
    g, h = (bend_x * vy - vx * bend_y) / cross, (ux * bend_y - bend_x * uy) / cross
    w, t = width - 1, height - 1
    return (
        (x1 - x0 + g * x1) / w,
        (x3 - x0 + h * x3) / t,
        x0,
        (y1 - y0 + g * y1) / w,
        (y3 - y0 + h * y3) / t,
        y0,
        g / w,
        h / t,
    )


@variant("crop_boxes", kind="python")
def python(page: np.ndarray, boxes: np.ndarray) -> list[np.ndarray]:
    """Plain Python, pixel by pixel."""
    rows, columns, _ = page.shape
    pixels = page.data.cast("B")
    crops = []
    # block: sizes
    for box, (width, height) in zip(boxes.tolist(), sizes(boxes, page.shape).tolist(), strict=True):
        crop = bytearray()
        if width:
            # block: homography
            a, b, c, d, e, f, g, h = matrix_of(box, width, height)

            # block: warp
            for j in range(height):
                for i in range(width):
                    depth = g * i + h * j + 1
                    x, y = (a * i + b * j + c) / depth, (d * i + e * j + f) / depth
                    left, top = math.floor(x), math.floor(y)
                    across, down = x - left, y - top
                    blue = green = red = 0.0
                    for v, weight_v in ((top, 1 - down), (top + 1, down)):
                        for u, weight_u in ((left, 1 - across), (left + 1, across)):
                            if 0 <= v < rows and 0 <= u < columns:
                                weight, k = weight_u * weight_v, 3 * (v * columns + u)
                                blue += weight * pixels[k]
                                green += weight * pixels[k + 1]
                                red += weight * pixels[k + 2]
                    crop += bytes((round(blue), round(green), round(red)))

        # block: collect
        crops.append(np.array(crop, np.uint8).reshape(height, width, 3).copy())  # the copy owns its memory
    return crops
