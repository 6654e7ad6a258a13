"""OpenCV called directly: rotate or flip at most once, a table, and one of its blurs."""

from __future__ import annotations

import cv2
import numpy as np

from labkit.core import variant
from labkit.stages.augment.draw import Choices, changes_values, orientation, table, weights

# Turn and flip in one call where OpenCV has one: rotate code, or flip code, by (left to right, upside down).
ROTATE = {(True, False): cv2.ROTATE_90_CLOCKWISE, (False, True): cv2.ROTATE_90_COUNTERCLOCKWISE}
FLIP = {(True, False): 1, (False, True): 0, (True, True): -1}


def turned(image: np.ndarray, choices: Choices) -> np.ndarray:
    """The image turned and flipped, or the image itself."""
    transpose, *reverse = orientation(choices)
    left_right, upside_down = reverse
    if not transpose:
        return cv2.flip(image, FLIP[left_right, upside_down]) if any(reverse) else image
    if left_right != upside_down:
        return cv2.rotate(image, ROTATE[left_right, upside_down])
    across = cv2.transpose(image)
    return cv2.flip(across, -1) if left_right else across


@variant("augment", kind="library", name="cv2")
def opencv(image: np.ndarray, choices: Choices) -> np.ndarray:
    """cv2.rotate or flip, cv2.LUT, cv2.sepFilter2D."""
    # block: turn and flip
    made = turned(image, choices)

    # block: brightness
    if changes_values(choices):
        made = cv2.LUT(made, table(choices.alpha, choices.beta))

    # block: blur
    if choices.size > 1:
        taps = weights(choices.size, choices.sigma)
        made = cv2.sepFilter2D(made, -1, taps, taps)
    return made.copy() if made is image else made
