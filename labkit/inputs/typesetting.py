"""A page of text whose every word's place is known: what a scanner sees of a badly pasted newsletter.

Blocks of lines are set in DejaVu type (it comes with matplotlib) and put on the page upright, rotated, or warped as by
a curling sheet; the corners of a block's word boxes go through the block's own matrix. So the boxes are true by
construction and no detector is needed. Some blocks run over the page's border.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from labkit.inputs.prose import SENTENCES

if TYPE_CHECKING:
    from PIL import ImageFont

WIDTH, HEIGHT = 2480, 3508  # A4 at 300 dots an inch
WORDS = 1528  # as many as in the talk
COLUMN, COLUMNS = 730, (70, 875, 1680)
ROOM = 12  # pixels around the text of a block, so that its edges survive the warp
PAPER = (232, 243, 247)
INKS = ((28, 26, 30), (92, 40, 24), (30, 24, 110), (40, 66, 20))
FONTS = ("DejaVuSerif", "DejaVuSans", "DejaVuSerif-Italic", "DejaVuSans-Bold", "DejaVuSansMono")
POSES = ("upright", "upright", "rotated", "upright", "warped", "upright", "rotated", "upright", "upright", "warped")


@dataclass(frozen=True)
class Word:
    """A word in its block: where its drawing starts, and its box (left, top, right, bottom), in block pixels."""

    text: str
    x: float
    y: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Block:
    """Lines of one font, colour and pose; ``matrix`` takes block pixels to page pixels."""

    words: tuple[Word, ...]
    font: str
    size: int
    ink: tuple[int, int, int]
    width: int
    height: int
    pose: str
    matrix: np.ndarray

    def boxes(self) -> np.ndarray:
        """The corners of its words on the page: float64 (n, 4, 2), lt, rt, rb, lb."""
        corners = np.array([[(x0, y0), (x1, y0), (x1, y1), (x0, y1)] for x0, y0, x1, y1 in (w.box for w in self.words)])
        return cv2.perspectiveTransform(corners.reshape(-1, 1, 2), self.matrix).reshape(-1, 4, 2)


@cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """A DejaVu font at a size in pixels."""
    import matplotlib
    from PIL import ImageFont

    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"
    # The basic layout is part of Pillow; the other depends on a library that may be missing.
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


def set_block(
    words: Iterator[str], lines: int, width: int, name: str, size: int, draw: np.random.Generator
) -> tuple[list[Word], int, int]:
    """Break words into at most ``lines`` lines of ``width`` pixels: the words, and the block's width and height."""
    face = font(name, size)
    gap, pitch = face.getlength(" ") + 3, round(1.85 * size)
    placed: list[Word] = []
    x, y, line = float(ROOM), float(ROOM), 0
    for text in words:
        length = face.getlength(text)
        if x + length > ROOM + width and x > ROOM:
            x, y, line = float(ROOM), y + pitch, line + 1
        left, top, right, bottom = face.getbbox(text)
        pads = draw.uniform(1.5, 3.0, 4)  # as a detector draws its boxes: not tight, and at no whole pixel
        start = round(x)
        box = (start + left - pads[0], y + top - pads[1], start + right - 1 + pads[2], y + bottom - 1 + pads[3])
        placed.append(Word(text, start, y, box))
        x += length + gap
        if line >= lines - 1 and x > 0.75 * width:
            break
    return placed, width + 2 * ROOM, math.ceil(y + pitch + ROOM)


def pose_matrix(pose: str, x: float, y: float, width: int, height: int, draw: np.random.Generator) -> np.ndarray:
    """The matrix that puts a block's left top at about (x, y): moved, rotated by 1 to 6 degrees, or warped."""
    move = np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)
    if pose == "upright":
        return move
    if pose == "rotated":
        angle = math.radians(draw.uniform(1, 6) * draw.choice([-1, 1]))
        c, s = math.cos(angle), math.sin(angle)
        # about the middle, which keeps its place
        middle = np.array([[1, 0, width / 2], [0, 1, height / 2], [0, 0, 1]], np.float64)
        rotation = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float64)
        return move @ middle @ rotation @ np.linalg.inv(middle)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    reach = np.array([0.03 * width, 0.14 * height])
    moved = corners + draw.uniform(-reach, reach, (4, 2))
    return move @ cv2.getPerspectiveTransform(corners, moved.astype(np.float32))


def layout() -> list[Block]:
    """The blocks of the page, 1528 words in all; the same at every call."""
    draw = np.random.default_rng(20230615)
    words = _drawn_words(draw)
    blocks = [
        _placed("upright", words, 1, 2380, FONTS[1], 26, INKS[0], 40, -ROOM - 9, draw),  # runs over the top border
        _placed("upright", words, 1, 2300, FONTS[0], 24, INKS[1], 60, HEIGHT - 43, draw),  # touches the bottom
    ]
    for column, x in enumerate(COLUMNS):
        y, k = 60.0, 0
        while y < HEIGHT - 330:
            pose = POSES[(k + 4 * column) % len(POSES)]
            name, size = FONTS[(k + column) % len(FONTS)], int(draw.integers(22, 28))
            lines = int(draw.integers(4, 9))
            slack = 45 if pose == "rotated" else 22 if pose == "warped" else 0
            # Every fifth block of the outer columns runs over the border.
            aside = (k % 5 == 2) * (-1, 0, 1)[column] * (90 if column == 0 else 104)
            block = _placed(pose, words, lines, COLUMN, name, size, INKS[k % len(INKS)], x + aside, y + slack, draw)
            if not block.words:
                return blocks
            blocks.append(block)
            y, k = y + slack * 2 + block.height + 45, k + 1
    if next(words, None) is not None:
        raise RuntimeError(f"the page is full before its {WORDS} words are set")
    return blocks


def _placed(
    pose: str,
    words: Iterator[str],
    lines: int,
    width: int,
    name: str,
    size: int,
    ink: tuple[int, int, int],
    x: float,
    y: float,
    draw: np.random.Generator,
) -> Block:
    placed, width, height = set_block(words, lines, width, name, size, draw)
    return Block(tuple(placed), name, size, ink, width, height, pose, pose_matrix(pose, x, y, width, height, draw))


def _drawn_words(draw: np.random.Generator) -> Iterator[str]:
    """1528 words: the sentences in random order, again and again."""
    left = WORDS
    while left:
        for k in draw.permutation(len(SENTENCES)):
            for word in SENTENCES[k].split()[:left]:
                left -= 1
                yield word


def inked(block: Block) -> np.ndarray:
    """How much ink lies on each pixel of a block, in its own pixels: uint8 (height, width)."""
    from PIL import Image, ImageDraw

    sheet = Image.new("L", (block.width, block.height))
    pen = ImageDraw.Draw(sheet)
    for word in block.words:
        pen.text((word.x, word.y), word.text, fill=255, font=font(block.font, block.size))
    return np.asarray(sheet)


def draw_page() -> np.ndarray:
    """The page: uint8 (3508, 2480, 3) BGR, ink on slightly shaded paper."""
    shade = np.cos(np.linspace(-1, 1, HEIGHT))[:, None] * np.cos(np.linspace(-0.7, 0.7, WIDTH))
    page = (np.array(PAPER) * (0.9 + 0.1 * shade[..., None])).astype(np.uint8)
    for block in layout():
        corners = np.array([[(0, 0), (block.width, 0), (block.width, block.height), (0, block.height)]], np.float64)
        spread = cv2.perspectiveTransform(corners, block.matrix)[0]
        x0, y0 = np.maximum(np.floor(spread.min(axis=0)), 0).astype(int)
        x1, y1 = np.minimum(np.ceil(spread.max(axis=0)) + 1, (WIDTH, HEIGHT)).astype(int)
        back = np.array([[1, 0, -x0], [0, 1, -y0], [0, 0, 1]], np.float64)
        cover = cv2.warpPerspective(inked(block), back @ block.matrix, (int(x1 - x0), int(y1 - y0)))[..., None] / 255
        part = page[y0:y1, x0:x1]
        part[:] = np.rint(part * (1 - cover) + np.array(block.ink) * cover)
    return page


def word_boxes() -> np.ndarray:
    """The boxes of all words, block after block: float32 (1528, 4, 2)."""
    return np.concatenate([block.boxes() for block in layout()]).astype(np.float32)
