"""Where an output differs from the reference's, drawn so that a single wrong pixel is seen."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import cv2
import numpy as np

from labkit.notebook.workbench import pieces
from labkit.reports import words
from labkit.reports.pictures import counts

if TYPE_CHECKING:
    from labkit.measure.pictured import Pictures

MARK = np.array([0, 94, 213], np.float32)  # BGR: Okabe and Ito's vermillion
FADED = 0.3  # of the picture's contrast is left where nothing differs
WEAKEST = {True: 0.55, False: 0.1}  # opacity of the mark of the smallest difference, that matters or not


def difference_overlay(reference: np.ndarray | None, difference: np.ndarray, matters: bool = True) -> np.ndarray:
    """uint8 (h, w, 3) BGR: the reference faded to grey, and in vermillion what differs, a pixel at least three wide.

    ``reference``: uint8 (h, w, 3) BGR or None; ``difference``: uint8 (h, w), 0 where equal, 255 where they differ most.
    ``matters``: the smallest difference is to be seen; what the stage tolerates is only hinted at.
    """
    height, width = difference.shape
    ground = np.full((height, width, 3), 255, np.float32)
    if reference is not None and reference.shape[:2] == (height, width):
        grey = cv2.cvtColor(reference, cv2.COLOR_BGR2GRAY).astype(np.float32)
        ground = np.repeat((255 - FADED * (255 - grey))[:, :, None], 3, axis=2)
    level = cv2.dilate(difference, np.ones((3, 3), np.uint8)).astype(np.float32)[:, :, None] / 255
    weakest = WEAKEST[matters]
    opacity = np.where(level > 0, weakest + (1 - weakest) * level, 0)
    return np.round(ground * (1 - opacity) + MARK * opacity).astype(np.uint8)


def sentence(pictures: Pictures) -> str:
    """What became of the variant, in one line."""
    if pictures.status == "measured":
        if pictures.differing:
            return f"agrees with the reference within the stage's tolerance: {counts(pictures)}"
        return "agrees with the reference, element by element"
    reason = words.one_line(str(pictures.fault or pictures.reason or ""))
    return words.outcome(pictures.status, reason)


def difference_html(pictures: Pictures) -> str:
    """A figure of where one variant differs, with what is known of it; without a picture only the words."""
    caption = f"<figcaption><b>{escape(pictures.variant)}</b> {escape(sentence(pictures))}</figcaption>"
    if pictures.difference is None:
        return f"<figure class='lk-plate'>{caption}</figure>"
    overlay = difference_overlay(pictures.reference, pictures.difference)
    seen = pieces.picture(overlay, f"where {pictures.variant} differs from the reference")
    return f"<figure class='lk-plate'>{seen}{caption}</figure>"


def plate(image: np.ndarray | None, caption: str) -> str:
    """One picture with its caption; nothing for no picture."""
    if image is None:
        return ""
    return (
        f"<figure class='lk-plate'>{pieces.picture(image, caption)}<figcaption>{escape(caption)}</figcaption></figure>"
    )
