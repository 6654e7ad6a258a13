"""Pictures of one variant on one workload, as a terminal and a notebook show them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import cv2
import numpy as np

from labkit.reports import words
from labkit.reports.html import image

if TYPE_CHECKING:
    from labkit.measure.pictured import Pictures

STYLE = "display:inline-block;margin:0 12px 8px 0;vertical-align:top"
SIZE = "style='max-width:480px'"
TITLES = {"input": "input", "reference": "output of the reference", "output": "output", "difference": "difference"}


def text(pictures: Pictures) -> str:
    """What became of the variant, and how large each picture is."""
    sizes = [
        f"  {title}: {image.shape[1]}×{image.shape[0]}"
        for name, title in TITLES.items()
        if (image := getattr(pictures, name)) is not None
    ]
    return "\n".join([_told(pictures), *(sizes or ["  neither input nor output can be pictured"])])


def html(pictures: Pictures) -> str:
    """The pictures themselves, side by side; all names are escaped."""
    figures = "".join(
        f"<figure style='{STYLE}'>{image(png(held), 'png', title, SIZE)}<figcaption>{escape(title)}</figcaption></figure>"
        for name, title in TITLES.items()
        if (held := getattr(pictures, name)) is not None
    )
    return f"<p>{escape(_told(pictures))}</p><div>{figures or 'Neither input nor output can be pictured.'}</div>"


def counts(pictures: Pictures) -> str:
    """How much differs: ``12 of 3,000 elements differ, by up to 3``."""
    if pictures.differing is None or pictures.elements is None:
        return ""
    most = "" if pictures.largest is None else f", by up to {pictures.largest:g}"
    return f"{words.count(pictures.differing)} of {words.count(pictures.elements)} elements differ{most}"


def png(image: np.ndarray) -> bytes:
    """A uint8 (h, w), (h, w, 3) BGR or (h, w, 4) BGRA image as PNG."""
    done, content = cv2.imencode(".png", image)
    if not done:
        raise ValueError(f"an image of {image.dtype} {image.shape} can't be written as PNG")
    return content.tobytes()


def _told(pictures: Pictures) -> str:
    what = f"{pictures.stage}/{pictures.variant} on {words.one_line(pictures.workload)}"
    if pictures.status != "measured":
        return f"{what}: {words.outcome(pictures.status, words.one_line(pictures.reason or ''))}"
    if pictures.differing is None:
        return f"{what}: agrees with the reference"
    if not pictures.differing:
        return f"{what}: equals the reference's output"
    return f"{what}: agrees within what the stage tolerates; {counts(pictures)}"
