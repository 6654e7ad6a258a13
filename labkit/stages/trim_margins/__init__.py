"""Stage ``trim_margins``: where on a page there is anything: its region of interest.

Read the files in this order: library (the peers), arrays, loops, native.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from labkit.core import BGR, Grey, Many, Shaped, Whole, stage
from labkit.stages.trim_margins import workloads


@stage(
    reference="opencv",
    workloads=workloads.ALL,
    edge_cases=workloads.edge_cases,
    many=Many(cut="labkit.stages.trim_margins.workloads:page"),
    try_also={"tolerance": (0, 100, 255), "margin": (0, 50)},
    empty_cells={"multiprocess": "margins are all that has to be read: to send a page to a process takes longer"},
)
def trim_margins(
    image: Grey | BGR, tolerance: Annotated[int, Whole(0, 255)] = 24, margin: Annotated[int, Whole(0, 1 << 20)] = 8
) -> Annotated[np.ndarray, Shaped(lambda image, tolerance, margin: (4,), "int32")]:
    """Find the box of what differs from a page's background, with a margin around it.

    ``image[top:bottom, left:right]`` is the picture without its margins; a view, which costs nothing (:func:`trimmed`).

    Parameters
    ----------
    image : uint8 (h, w) or (h, w, 3), C-contiguous, h ≥ 1 and w ≥ 1.
    tolerance : levels, 0 to 255: what is further from the background than that, in any channel, counts as something.
    margin : pixels that are kept around it, as far as the picture reaches.

    Returns
    -------
    int32 (4,): top, left, bottom, right, the last two exclusive; the whole picture where nothing differs. The background is, of
        each channel, the lower median of the picture's outermost rows and columns, each pixel counted once.

    Raises
    ------
    TypeError : the image is no NumPy array, tolerance or margin no integer.
    ValueError : another dtype or shape, an empty image, one that is not C-contiguous, a parameter out of range.
    """


def trimmed(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The part of the image that is in the box: a view."""
    top, left, bottom, right = box.tolist()
    return image[top:bottom, left:right]


def frame(image: np.ndarray) -> np.ndarray:
    """The outermost pixels, each once: uint8 (n, channels)."""
    height, width = image.shape[:2]
    pixels = image.reshape(height, width, -1)
    sides = pixels[1:-1, [0, -1] if width > 1 else [0]]
    rows = pixels[[0, -1] if height > 1 else [0]]
    return np.concatenate([rows.reshape(-1, pixels.shape[2]), sides.reshape(-1, pixels.shape[2])])


def background(image: np.ndarray) -> list[int]:
    """The level of each channel that the page has where nothing is on it."""
    outermost = frame(image)
    middle = (len(outermost) - 1) // 2
    levels: list[int] = np.partition(outermost, middle, axis=0)[middle].tolist()
    return levels


def bounds(image: np.ndarray, tolerance: int) -> tuple[list[int], list[int]]:
    """Of each channel the lowest and the highest level that still is background."""
    levels = background(image)
    return [max(level - tolerance, 0) for level in levels], [min(level + tolerance, 255) for level in levels]


def widened(image: np.ndarray, box: tuple[int, int, int, int] | None, margin: int) -> np.ndarray:
    """The answer for a box of what was found, top, left, bottom, right; None: nothing was."""
    height, width = image.shape[:2]
    if box is None:
        return np.array([0, 0, height, width], np.int32)
    top, left, bottom, right = box
    found = max(top - margin, 0), max(left - margin, 0), min(bottom + margin, height), min(right + margin, width)
    return np.array(found, np.int32)
