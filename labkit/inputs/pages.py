"""Pages of text: one whose every word's place is known, the same badly lit, and as many pages of paragraphs as are wanted."""

from __future__ import annotations

from functools import cache, lru_cache

import cv2
import numpy as np

from labkit.core.workload import data_file
from labkit.inputs import typesetting
from labkit.inputs.prose import SENTENCES

PAGE_FILE = "text-page.png"
MARGIN = 0.06  # of the page's width
PAPER, INK = np.array((250, 252, 252)), np.array((30, 26, 28))


def text_page() -> np.ndarray:
    """The page of text: uint8 (3508, 2480, 3) BGR, drawn once into the data folder."""

    def png() -> bytes:
        return cv2.imencode(".png", typesetting.draw_page(), [cv2.IMWRITE_PNG_COMPRESSION, 3])[1].tobytes()

    path = data_file(PAGE_FILE, png)
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise OSError(f"{path} holds no image; delete it, and it is drawn again")
    return image


@cache
def _word_boxes() -> np.ndarray:
    return typesetting.word_boxes()


def word_boxes() -> np.ndarray:
    """The boxes of all its words: float32 (1528, 4, 2)."""
    return _word_boxes().copy()


def lit_page() -> np.ndarray:
    """The page of text under a lamp that stands to one side, with the grain of the sensor: uint8 (3508, 2480, 3) BGR."""
    ink = text_page()
    height, width, _ = ink.shape
    x, y = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    light = 1.05 - 0.16 * ((x + 0.7) ** 2 + (y + 0.4) ** 2)
    grain = np.random.default_rng(20250615).standard_normal((height, width), np.float32) * 7
    out = np.empty_like(ink)
    for channel in range(3):
        out[..., channel] = np.clip(np.rint(ink[..., channel] * light + grain), 0, 255)
    return out


@lru_cache(maxsize=64)
def _paragraphs(height: int, width: int, number: int) -> np.ndarray:
    from PIL import Image, ImageDraw

    rng = np.random.default_rng([20250301, number])
    margin, size = round(MARGIN * width), max(8, round(width / 40))
    name = typesetting.FONTS[number % len(typesetting.FONTS)]
    face = typesetting.font(name, size)
    words = (word for _ in range(40) for k in rng.permutation(len(SENTENCES)) for word in SENTENCES[k].split())
    sheet = Image.new("L", (width, height))
    pen = ImageDraw.Draw(sheet)
    y, pitch = margin, round(1.6 * size)
    while y + pitch <= height - margin:
        for _ in range(int(rng.integers(3, 8))):  # a paragraph's lines
            line = ""
            while face.getlength(longer := f"{line} {next(words)}".strip()) < width - 2 * margin:
                line = longer
            if y + pitch > height - margin:
                break
            pen.text((margin, y), line, fill=255, font=face)
            y += pitch
        y += pitch
    cover = np.asarray(sheet)[..., None] / 255
    page = np.rint(PAPER * (1 - cover) + INK * cover).astype(np.uint8)
    page.flags.writeable = False
    return page


def paragraphs(height: int, width: int, number: int = 0) -> np.ndarray:
    """A page of paragraphs, black on nearly white: uint8 (height, width, 3) BGR; another number sets another text and font."""
    return _paragraphs(height, width, number).copy()
