"""NumPy: views turn the image, a table changes its values, and the blur is a weighted sum of shifted copies."""

from __future__ import annotations

import numpy as np

from labkit.core import variant
from labkit.stages.augment.draw import Choices, changes_values, orientation, table, weights


def turned(image: np.ndarray, choices: Choices) -> np.ndarray:
    """The image turned and flipped: a view of it."""
    transpose, left_right, upside_down = orientation(choices)
    view = image.transpose(1, 0, 2) if transpose else image
    return view[:: -1 if upside_down else 1, :: -1 if left_right else 1]


@variant("augment", kind="numpy", name="numpy")
def numpy_sums(image: np.ndarray, choices: Choices) -> np.ndarray:
    """Views, table[image], and for each pair of taps one weighted sum of whole images in float32."""
    # block: turn and flip
    view = turned(image, choices)

    # block: brightness
    if changes_values(choices):
        values = np.take(table(choices.alpha, choices.beta), view)  # a new array, C-contiguous
    else:
        values = view.copy(order="C")

    # block: blur
    if choices.size == 1:
        return values
    taps = weights(choices.size, choices.sigma).astype(np.float32)
    along_columns = blurred(values, taps)
    both = blurred(along_columns.transpose(1, 0, 2), taps).transpose(1, 0, 2)
    return np.ascontiguousarray(np.rint(both).astype(np.uint8))


def blurred(values: np.ndarray, taps: np.ndarray) -> np.ndarray:
    """Weighted sums along the first axis, mirrored at its ends: float32, the shape of ``values``."""
    radius = len(taps) // 2
    count = len(values)
    padded = np.pad(values.astype(np.float32), [(radius, radius), (0, 0), (0, 0)], mode="reflect")
    total = padded[radius : radius + count] * taps[radius]
    for k in range(radius):
        mirrored = padded[k : k + count] + padded[2 * radius - k : 2 * radius - k + count]
        mirrored *= taps[k]
        total += mirrored
    return total
