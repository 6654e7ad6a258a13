"""The libraries that find this box. zignal, kornia-rs and scikit-image have no call for it."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageChops

from labkit.core import variant
from labkit.stages.trim_margins import background, bounds, widened


@variant("trim_margins", kind="library")
def opencv(image: np.ndarray, tolerance: int = 24, margin: int = 8) -> np.ndarray:
    """cv2.inRange tells background from all else in one pass; cv2.boundingRect of its complement."""
    low, high = bounds(image, tolerance)
    paper = cv2.inRange(image, np.array(low), np.array(high))
    left, top, width, height = cv2.boundingRect(cv2.bitwise_not(paper, dst=paper))
    return widened(image, (top, left, top + height, left + width) if width else None, margin)


@variant("trim_margins", kind="library")
def opencv_reduce(image: np.ndarray, tolerance: int = 24, margin: int = 8) -> np.ndarray:
    """cv2.inRange, then cv2.reduce: the least of each row and of each column."""
    low, high = bounds(image, tolerance)
    paper = cv2.inRange(image, np.array(low), np.array(high))
    rows = np.flatnonzero(cv2.reduce(paper, 1, cv2.REDUCE_MIN)[:, 0] == 0)
    if not rows.size:
        return widened(image, None, margin)
    columns = np.flatnonzero(cv2.reduce(paper, 0, cv2.REDUCE_MIN)[0] == 0)
    return widened(image, (int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1), margin)


@variant("trim_margins", kind="library")
def opencv_points(image: np.ndarray, tolerance: int = 24, margin: int = 8) -> np.ndarray:
    """The usual recipe: cv2.findNonZero lists every pixel, cv2.boundingRect reads the list."""
    low, high = bounds(image, tolerance)
    points = cv2.findNonZero(cv2.bitwise_not(cv2.inRange(image, np.array(low), np.array(high))))
    if points is None:
        return widened(image, None, margin)
    left, top, width, height = cv2.boundingRect(points)
    return widened(image, (top, left, top + height, left + width), margin)


@variant("trim_margins", kind="library")
def pillow(image: np.ndarray, tolerance: int = 24, margin: int = 8) -> np.ndarray:
    """Pillow's difference from a plain page, cut off at the tolerance by a look-up, then getbbox."""
    made = Image.fromarray(image)
    level = background(image)
    paper = Image.new(made.mode, made.size, level[0] if image.ndim == 2 else tuple(level))
    table = [0] * (tolerance + 1) + [255] * (255 - tolerance)
    box = ImageChops.difference(made, paper).point(table * len(level)).getbbox()
    return widened(image, None if box is None else (box[1], box[0], box[3], box[2]), margin)


@variant("trim_margins", kind="library", requires=("pyvips",))
def vips(image: np.ndarray, tolerance: int = 24, margin: int = 8) -> np.ndarray:
    """pyvips' find_trim, as of line art: without the median filter that it else begins with."""
    import pyvips

    made = pyvips.Image.new_from_array(image, interpretation="b-w" if image.ndim == 2 else "srgb")
    left, top, width, height = made.find_trim(threshold=tolerance, background=background(image), line_art=True)
    return widened(image, (top, left, top + height, left + width) if width else None, margin)
