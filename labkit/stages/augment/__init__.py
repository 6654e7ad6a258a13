"""Stage ``augment``: turn, flip, brightness and contrast, Gaussian blur; what is drawn is an input.

Read the files in this order: draw (what is random), reference (albumentations), python, arrays (NumPy), opencv,
numba_loop, cython_loop, native, gpu.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np

from labkit.core import BGR, Drawn, Shaped, UsageError, Within, stage
from labkit.stages.augment import workloads
from labkit.stages.augment.draw import Choices, draw

# Turn, flip and table are exact in every variant. A blurred value is a weighted mean, rounded to an integer. The reference
# computes it in float32 and rounds once; a variant that is off by less than a level before it rounds (fixed-point weights:
# by less than 0.4, see blur.hpp) ends at most one level from it.
TOLERANCE = 1.0

WIDEST = 63  # taps; the draw gives at most 21


def shape_of(image: np.ndarray, choices: Choices) -> tuple[int, int, int]:
    """Of the output: an odd number of quarter turns makes rows of columns."""
    height, width = image.shape[:2]
    return (width, height, 3) if choices.turns % 2 else (height, width, 3)


Turned = Annotated[np.ndarray, Shaped(shape_of)]


def check_choices(choices: Choices) -> None:
    """Raise UsageError for the first choice that is out of range."""
    wanted: list[tuple[str, Any, bool, str]] = [
        ("turns", choices.turns, choices.turns in range(4), "0, 1, 2 or 3 quarter turns"),
        ("flip", choices.flip, choices.flip in range(4), "0, 1, 2 or 3"),
        ("alpha", choices.alpha, abs(choices.alpha) <= 1e6, "a number from -1e6 to 1e6"),
        ("beta", choices.beta, abs(choices.beta) <= 1e6, "a number from -1e6 to 1e6"),
        ("size", choices.size, choices.size in range(1, WIDEST + 1, 2), f"an odd number from 1 to {WIDEST}"),
        ("sigma", choices.sigma, choices.size == 1 or 0 < choices.sigma < math.inf, "a positive number of pixels"),
    ]
    for name, value, good, right in wanted:
        if not good:
            raise UsageError(f"choices.{name} is {value}; give {right}")


@stage(
    reference="albumentations",
    workloads=workloads.ALL,
    edge_cases=workloads.edge_cases,
    agreement=Within(TOLERANCE),
    floor_bytes=lambda image, choices: 2 * image.nbytes,
    empty_cells={
        "multiprocess": "one image is less work than sending it to a process: augment_many splits by images",
    },
)
def augment(image: BGR, choices: Annotated[Choices, Drawn(Choices, draw, check_choices)]) -> Turned:
    """Turn by quarters, flip, change brightness and contrast, blur: one image, with choices drawn beforehand.

    Parameters
    ----------
    image : uint8 (h, w, 3), C-contiguous, h ≥ 1 and w ≥ 1; the order of the channels does not matter.
    choices : what ``labkit.stages.augment.draw.draw(seed, index)`` gives, or Choices of one's own: turns 0 to 3, flip 0
        to 3, alpha and beta within ±1e6, size odd from 1 to 63, sigma > 0 where size > 1.

    Returns
    -------
    uint8 (h, w, 3), or (w, h, 3) after an odd number of quarter turns, C-contiguous, owning its memory. In this order:
        turns anticlockwise; flip; v·alpha + beta in float32, clipped, truncated; blur with ``draw.weights`` along rows
        and columns, mirrored at the border without repeating it (cv2.BORDER_REFLECT_101), rounded once at the end.

    Raises
    ------
    TypeError : the image is no NumPy array, or choices no Choices.
    ValueError : another dtype or shape, an empty image, one that is not C-contiguous, a choice out of range.

    Source: a 2025 blog on augmenting a folder of images on all cores (its albumentations chain).
    """
