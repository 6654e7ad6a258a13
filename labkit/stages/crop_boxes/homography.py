"""The mapping from a crop's pixels to the page's, for all boxes at once and in closed form.

cv2.getPerspectiveTransform solves eight linear equations a box, and warpPerspective inverts what comes out. The map
from the unit square to a quadrilateral can be written down instead, and it is the direction that sampling needs.
Source: P. S. Heckbert, "Fundamentals of Texture Mapping and Image Warping", 1989, section 2.2.3.
"""

from __future__ import annotations

import numpy as np


def homographies(boxes: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Matrices that take crop pixels (x, y, 1) to page pixels (up to scale): float64 (n, 3, 3).

    ``boxes`` float32 (n, 4, 2) and their ``sizes`` int64 (n, 2), none of them degenerate: the corners are strictly
    convex, so that no denominator is zero, and a crop has at least two columns and rows.
    """
    (x0, x1, x2, x3), (y0, y1, y2, y3) = np.ascontiguousarray(boxes.transpose(2, 1, 0), np.float64)
    ux, uy, vx, vy = x1 - x2, y1 - y2, x3 - x2, y3 - y2
    bend_x, bend_y = x0 - x1 + x2 - x3, y0 - y1 + y2 - y3  # both 0 in a parallelogram
    cross = ux * vy - vx * uy
    g, h = (bend_x * vy - vx * bend_y) / cross, (ux * bend_y - bend_x * uy) / cross
    across, down = 1.0 / (sizes.T - 1)  # the unit square's corners lie on the crop's outer pixel centres
    matrices = np.empty((3, 3, len(boxes)))
    matrices[0] = (x1 - x0 + g * x1) * across, (x3 - x0 + h * x3) * down, x0
    matrices[1] = (y1 - y0 + g * y1) * across, (y3 - y0 + h * y3) * down, y0
    matrices[2] = g * across, h * down, np.ones(len(boxes))
    return np.ascontiguousarray(matrices.transpose(2, 0, 1))
