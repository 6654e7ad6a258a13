"""Input, output and difference of a variant as small images that lie inside the page."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import cv2
import numpy as np

from labkit.core.errors import UsageError
from labkit.measure.pictures import Pictures, make_pictures
from labkit.reports import words

LONGEST = 480  # pixels
QUALITY = 85  # of WebP: 10 to 30 KB a picture


@dataclass(frozen=True)
class Pictured:
    """Pictures of one variant on one workload, each with its title, as data URIs; ``note`` says what they show."""

    variant: str
    workload: str
    images: tuple[tuple[str, str], ...]
    note: str


def pictured(stage: str, variant: str, workload: str) -> Pictured | None:
    """Compute the pictures in a launch process, with today's code; None where there is nothing to look at.

    Raises UsageError for what does not exist, VariantFailed when the workload or the reference fails.
    """
    (found,) = make_pictures(stage, [variant], workload, longest=LONGEST)
    wanted = (
        ("input", found.input),
        (f"output of {variant}", found.output),
        (
            f"where it differs from the reference (white: by {_most(found)})",
            found.difference if found.differing else None,
        ),
    )
    images = tuple((title, data_uri(image)) for title, image in wanted if image is not None)
    return Pictured(variant, workload, images, _note(found)) if images else None


def data_uri(image: np.ndarray) -> str:
    """A uint8 (h, w) or (h, w, 3) BGR image as a WebP data URI."""
    done, content = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    if not done:
        raise UsageError(f"an image of {image.dtype} {image.shape} can't be written as WebP")
    return "data:image/webp;base64," + base64.b64encode(content.tobytes()).decode("ascii")


def _note(found: Pictures) -> str:
    caption = "Made when this report was written, by the code as it was then."
    if found.differing == 0 and found.elements:
        return f"The output equals the reference’s in all {words.count(found.elements)} elements. {caption}"
    if found.differing and found.elements and found.largest is not None:
        what = "beyond what the stage tolerates" if found.fault else "within what the stage tolerates"
        caption = (
            f"{words.count(found.differing)} of {words.count(found.elements)} elements differ from the reference’s, "
            f"by at most {_most(found)}, {what}. {caption}"
        )
    return f"{words.one_line(found.reason)}. {caption}" if found.reason else caption


def _most(found: Pictures) -> str:
    return words.UNKNOWN if found.largest is None else f"{found.largest:.3g}"
