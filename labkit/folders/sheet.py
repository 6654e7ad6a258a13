"""The contact sheet: some inputs with their outputs below them, for a glance at what was done."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from labkit.imagefiles.image import BadFile, decoded, encoded, write_image
from labkit.imagefiles.size import image_size

MOST_IMAGES, MOST_ROWS = 8, 6
CELL, GAP, LABEL = 240, 8, 30  # pixels
PAPER, INK = 250, (40, 40, 40)
MOST_PIXELS = 25_000_000  # larger ones are only looked at through a reduced JPEG decode
NAMES = ("contact_sheet.jpg", "labkit_contact_sheet.jpg")


def chosen(images: Sequence[str]) -> list[str]:
    """At most eight of them, evenly spaced, the first and the last among them."""
    if len(images) <= MOST_IMAGES:
        return list(images)
    return [images[round(place)] for place in np.linspace(0, len(images) - 1, MOST_IMAGES)]


def write_sheet(path: Path, title: str, columns: Sequence[tuple[str, Sequence[Path]]]) -> dict[str, str] | None:
    """Write a JPEG of labelled columns, each an input above its outputs; None when there is nothing to show.

    A label with a letter that no font here has becomes the column's number, and is returned under it. Files that can't be
    read or are very large are left out. Raises BadFile when the sheet can't be written.
    """
    read = [(label, [_thumbnail(file) for file in files[:MOST_ROWS]]) for label, files in columns]
    shown = [(label, pictures) for label, pictures in read if pictures and pictures[0] is not None]
    if not shown:
        return None
    numbered: dict[str, str] = {}
    rows = max(len(pictures) for _, pictures in shown)
    width = max(2, len(shown)) * (CELL + GAP) + GAP
    sheet = np.full((LABEL + rows * (CELL + GAP) + LABEL + GAP, width, 3), PAPER, np.uint8)
    _write(sheet, title, GAP, 0, width - 2 * GAP)
    for column, (name, pictures) in enumerate(shown):
        label = name
        if not _font_for("".join(sorted(set(name)))):
            label = str(column + 1)
            numbered[label] = name
        left = GAP + column * (CELL + GAP)
        for row, picture in enumerate(pictures):
            if picture is not None:
                height, breadth = picture.shape[:2]
                top = LABEL + row * (CELL + GAP) + (CELL - height) // 2
                start = left + (CELL - breadth) // 2
                sheet[top : top + height, start : start + breadth] = picture
        _write(sheet, label, left, sheet.shape[0] - LABEL - GAP // 2, CELL)
    write_image(path, encoded(sheet, ".jpg"))
    return numbered


def _thumbnail(file: Path) -> np.ndarray | None:
    """The image fitted into a cell, uint8 (h, w, 3); None when it can't be shown."""
    try:
        data = file.read_bytes()
        size = image_size(io.BytesIO(data))
        if size is None or size.pixels > MOST_PIXELS * (64 if data[:2] == b"\xff\xd8" else 1):
            return None
        if size.pixels > MOST_PIXELS:
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_COLOR_8)
        else:
            image = decoded(data)
    except (OSError, cv2.error, BadFile, MemoryError):
        return None
    if image is None:
        return None
    scale = min(1.0, CELL / max(image.shape[:2]))
    sides = [max(1, round(side * scale)) for side in (image.shape[1], image.shape[0])]
    return cv2.resize(image, sides, interpolation=cv2.INTER_AREA)


def _write(sheet: np.ndarray, text: str, left: int, top: int, width: int) -> None:
    """Draw one line of text, its end cut off where it is too long; letters that no font has become question marks."""
    from PIL import Image, ImageDraw, ImageFont

    file = _font_for("".join(sorted(set(text))))
    if file is None:
        text = "".join(letter if _font_for(letter) else "?" for letter in text)
        file = str(_font_for(""))
    font = ImageFont.truetype(file, 15)
    while text and font.getlength(text) > width:
        text = text.removesuffix("…")[:-1] + "…" if len(text) > 2 else ""
    canvas = Image.fromarray(sheet[top : top + LABEL, left : left + width])
    ImageDraw.Draw(canvas).text((0, 5), text, font=font, fill=INK)
    sheet[top : top + LABEL, left : left + width] = np.asarray(canvas)


@lru_cache(maxsize=64)
def _font_for(letters: str) -> str | None:
    """A font file that has these letters (Hangul is not in every one), DejaVu Sans first; None if none has."""
    from matplotlib import font_manager, ft2font

    if not letters.isprintable():
        return None  # a line break is in some fonts, and Pillow measures one line
    plain = font_manager.findfont("DejaVu Sans")
    for file in (plain, *sorted(entry.fname for entry in font_manager.fontManager.ttflist)):
        if "LastResort" in file:
            continue  # it has every letter, each drawn as the name of its alphabet
        try:
            face = ft2font.FT2Font(file)
        except (OSError, RuntimeError):
            continue
        if all(face.get_char_index(ord(letter)) for letter in letters):
            return str(file)
    return None
