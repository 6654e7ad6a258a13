"""Stage ``crop_boxes``: cut quadrilateral text boxes out of a page by perspective warp, each to its own upright crop.

Read the files in this order to see how it got fast: loop (the talk's), hoisted, affine, threads, python,
numpy_homographies, numba_loop, cython_loop, opencv_api, native, gpu. Beside them: homography (the mapping in closed
form), workloads, and the page that they draw (typesetting, prose).
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from labkit.core import Boxes, Image, Split, Within, stage
from labkit.stages.crop_boxes import workloads

LARGEST = 32766  # cv2's warp keeps source positions in int16

# cv2 4.x rounds every source position to 1/32 pixel before it blends (INTER_BITS = 5 in imgproc.hpp). A variant that
# rounds too, and whose position differs in the last bit where it falls half-way, lands 1/32 pixel away in x and in y.
# A step of 255 between neighbours is the steepest, so bilinear values differ by up to 2 · 255/32 = 15.94; each of both
# is rounded to an integer, 2 · 0.5. So 16; a variant that does not round stays within half of it (1/64 pixel).
TOLERANCE = 16.0


def sizes(boxes: np.ndarray, page_shape: tuple[int, ...]) -> np.ndarray:
    """Width and height of every crop, int64 (n, 2); (0, 0) for a degenerate box. The one rule of all variants.

    In float64, from float32 corners, with d = next corner - corner: a side is sqrt(dx·dx + dy·dy), each operation
    rounded by itself (no fused multiply-add); the turn at a corner is dx·dy' - dy·dx', with ' the next side.

    A box is degenerate when a corner is NaN or infinite; when its crop would have fewer than two or more than 32766
    columns or rows; when its corners are not strictly convex (the four turns must have one sign and be at least 1 px²
    each); or when it lies outside the page (of ``page_shape`` (h, w, ...)): max x ≤ -1, min x ≥ w, max y ≤ -1, min y ≥ h.
    """
    x, y = np.ascontiguousarray(boxes.transpose(2, 1, 0), np.float64)  # each (4, n): long rows, a sixth of the time
    following = [1, 2, 3, 0]
    with np.errstate(invalid="ignore"):  # inf - inf, NaN
        dx, dy = x[following] - x, y[following] - y
        length = np.sqrt(dx * dx + dy * dy)
        width, height = np.maximum(length[0], length[2]), np.maximum(length[1], length[3])
        cross = dx * dy[following] - dy * dx[following]
        good = np.isfinite(x).all(axis=0) & np.isfinite(y).all(axis=0)
        good &= (width >= 2) & (width < LARGEST + 1) & (height >= 2) & (height < LARGEST + 1)
        good &= (cross >= 1).all(axis=0) | (cross <= -1).all(axis=0)
        good &= (x.max(axis=0) > -1) & (x.min(axis=0) < page_shape[1])
        good &= (y.max(axis=0) > -1) & (y.min(axis=0) < page_shape[0])
        return np.stack([np.where(good, width, 0), np.where(good, height, 0)], axis=1).astype(np.int64)


def floor_bytes(page: np.ndarray, boxes: np.ndarray) -> int:
    """Bytes that any implementation must move: the boxes and about as many page pixels as crop pixels read, the crops written."""
    return int(boxes.nbytes + 2 * 3 * sizes(boxes, page.shape).prod(axis=1).sum())


def equal_areas(count: int, page: np.ndarray, boxes: np.ndarray) -> list[tuple[Any, ...]]:
    """The boxes as at most ``count`` consecutive parts of about equal crop area, each with the whole page."""
    ends = np.cumsum(sizes(boxes, page.shape).prod(axis=1) + 1)  # + 1: a degenerate box is a little work too
    total = ends[-1] if len(ends) else 0
    cuts = np.searchsorted(ends - np.diff(ends, prepend=0) / 2, total * np.arange(1, count) / count)
    edges = np.concatenate([[0], cuts, [len(boxes)]])
    return [(page, boxes[a:b]) for a, b in zip(edges[:-1], edges[1:], strict=True) if b > a] or [(page, boxes)]


def joined(parts: list[list[np.ndarray]], page: np.ndarray, boxes: np.ndarray) -> list[np.ndarray]:
    """The crops of all parts in one list."""
    return [crop for part in parts for crop in part]


@stage(
    reference="loop",
    workloads=workloads.ALL,
    edge_cases=workloads.edge_cases,
    agreement=Within(TOLERANCE),
    floor_bytes=floor_bytes,
    split=Split("boxes", equal_areas, joined),
    items=lambda page, boxes: len(boxes),
)
def crop_boxes(page: Annotated[np.ndarray, Image(3, most=LARGEST)], boxes: Boxes) -> None:
    """Cut quadrilateral text boxes out of a page by perspective warp, each to its own upright crop.

    Parameters
    ----------
    page : uint8 (h, w, 3) BGR, C-contiguous, 1 ≤ h, w ≤ 32766 (cv2's warp keeps positions in int16).
    boxes : float32 (n, 4, 2), C-contiguous, n ≥ 0: corners in pixels, x before y, in the order left top, right top,
        right bottom, left bottom (of the text: a box may be rotated or mirrored). Pixel centres are at integers.

    Returns
    -------
    list of n uint8 (h_i, w_i, 3) arrays, C-contiguous, each owning its memory. w_i is the longer of the top and bottom
        side and h_i that of the left and right, truncated. The corners fall on the pixel centres (0, 0), (w_i-1, 0),
        (w_i-1, h_i-1), (0, h_i-1); values are bilinear; outside the page counts as 0 and blends in at its border. The
        crop of a degenerate box (see :func:`sizes`) has shape (0, 0, 3).

    Raises
    ------
    TypeError : page or boxes is no NumPy array.
    ValueError : another dtype or shape, an empty or too large page, an array that is not C-contiguous.

    Source: a 2023 industry talk on speeding up image translation in Python (its loop over ``cv2.warpPerspective``).
    """
