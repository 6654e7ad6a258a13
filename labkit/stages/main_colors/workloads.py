"""The inputs of ``main_colors``: what a sheet of lettering, a photograph, noise, a big and a tiny image look like.

Everything is generated or comes inside scikit-image; nothing is read from the network. The photographs are those of
``skimage.data``, used without enlarging any: ``retina`` (Hakan Nilsson, CC0), ``astronaut``, ``rocket`` and
``hubble_deep_field`` (NASA/SpaceX, public domain or CC0), ``coffee`` (Rachel Michetti, CC0) and ``chelsea`` (Stéfan van
der Walt, CC0).
"""

from __future__ import annotations

import colorsys

import cv2
import numpy as np

from labkit.core import Workload

WORDS = (
    "pixel",
    "colour",
    "kernel",
    "stage",
    "variant",
    "workload",
    "arm",
    "limit",
    "round",
    "launch",
    "verdict",
    "run",
)


def palette(count: int = 36) -> list[tuple[int, int, int, int]]:
    """The flat colours of the logo, BGRA: hues round the circle in three strengths."""
    colors = []
    for i in range(count):
        r, g, b = colorsys.hsv_to_rgb(i / count, (0.85, 0.55, 0.95)[i % 3], (0.9, 0.75, 0.45)[i % 3])
        colors.append((round(b * 255), round(g * 255), round(r * 255), 255))
    return colors


def logo() -> np.ndarray:
    """A sheet of flat shapes and antialiased lettering on transparent ground: uint8 (958, 1254, 4) BGRA.

    The transparent ground is white with alpha 0, so that antialiasing fades to white and to transparent, and a kernel
    that forgets the alpha counts the wrong colour.
    """
    sheet = np.full((958, 1254, 4), (255, 255, 255, 0), np.uint8)
    colors = palette()
    for k in range(20):
        x, y = 12 + 248 * (k % 5), 12 + 236 * (k // 5)
        _card(sheet, x, y, colors[k], colors[(k + 17) % 36], colors[(k * 5 + 23) % 36], k)
    return sheet


def _card(
    sheet: np.ndarray, x: int, y: int, ground: tuple[int, ...], ink: tuple[int, ...], mark: tuple[int, ...], k: int
) -> None:
    """A rounded ground of 232×161 pixels with an emblem, a headline and one line of small print, and a caption below it."""
    w, h, r = 232, 161, 20
    cv2.rectangle(sheet, (x + r, y), (x + w - r, y + h), ground, -1)
    cv2.rectangle(sheet, (x, y + r), (x + w, y + h - r), ground, -1)
    for cx, cy in ((x + r, y + r), (x + w - r, y + r), (x + r, y + h - r), (x + w - r, y + h - r)):
        cv2.circle(sheet, (cx, cy), r, ground, -1, cv2.LINE_AA)
    middle = (x + 40, y + 40)
    if k % 3 == 0:
        cv2.circle(sheet, middle, 26, mark, -1, cv2.LINE_AA)
        cv2.circle(sheet, middle, 11, ground, -1, cv2.LINE_AA)
    elif k % 3 == 1:
        angles = np.arange(10) * np.pi / 5 + k
        reach = np.where(np.arange(10) % 2, 11, 28)
        star = np.stack([middle[0] + reach * np.sin(angles), middle[1] - reach * np.cos(angles)], axis=1)
        cv2.fillPoly(sheet, [np.round(star * 16).astype(np.int32)], mark, cv2.LINE_AA, 4)
    else:
        cv2.ellipse(sheet, middle, (28, 16), 17 * k, 0, 360, mark, -1, cv2.LINE_AA)
    words = [WORDS[(k * 5 + j) % len(WORDS)] for j in range(7)]
    cv2.putText(sheet, words[0].upper(), (x + 74, y + 52), cv2.FONT_HERSHEY_DUPLEX, 0.9, ink, 2, cv2.LINE_AA)
    small = " ".join(words[1:5])[:26]
    cv2.putText(sheet, small, (x + 12, y + 120), cv2.FONT_HERSHEY_SIMPLEX, 0.46, ink, 1, cv2.LINE_AA)
    cv2.putText(sheet, words[6].upper(), (x, y + 208), cv2.FONT_HERSHEY_DUPLEX, 1.1, mark, 2, cv2.LINE_AA)


def photo() -> np.ndarray:
    """A photograph of a retina, uint8 (1411, 1411, 4) BGRA; alpha 0 outside its round aperture."""
    from skimage import data

    bgr = data.retina()[..., ::-1]
    bright = cv2.medianBlur(np.ascontiguousarray(bgr[..., 2]), 9) > 24
    return np.dstack([bgr, np.where(bright, 255, 0).astype(np.uint8)])


def noise() -> np.ndarray:
    """Every pixel another colour, in random order: uint8 (1024, 1024, 4) BGRA, opaque."""
    packed = np.random.default_rng(20230615).choice(1 << 24, 1 << 20, replace=False).astype(np.uint32)
    return (packed | np.uint32(0xFF000000)).reshape(1024, 1024, 1).view(np.uint8)


def mosaic() -> np.ndarray:
    """Photographs in four columns, repeated and cut but never enlarged: uint8 (2160, 3840, 4) BGRA, opaque."""
    from skimage import data

    pictures = [data.retina(), data.hubble_deep_field(), data.astronaut(), data.coffee(), data.chelsea(), data.rocket()]
    sheet = np.full((2160, 3840, 4), 255, np.uint8)
    k = 0
    for x in range(0, 3840, 960):
        y = 0
        while y < 2160:
            picture = pictures[k % len(pictures)]
            across = np.tile(picture, (1, -(-960 // picture.shape[1]), 1))[: 2160 - y, :960]
            sheet[y : y + len(across), x : x + 960, :3] = across[..., ::-1]
            y, k = y + len(picture), k + 1
    return sheet


def icon() -> np.ndarray:
    """A button as it stands in a toolbar: uint8 (32, 32, 4) BGRA."""
    small = np.full((32, 32, 4), (255, 255, 255, 0), np.uint8)
    cv2.circle(small, (16, 16), 13, (180, 90, 20, 255), -1, cv2.LINE_AA)
    cv2.putText(small, "k", (10, 23), cv2.FONT_HERSHEY_DUPLEX, 0.7, (240, 240, 250, 255), 1, cv2.LINE_AA)
    return small


def edge_cases() -> dict[str, tuple[np.ndarray, int]]:
    """Small inputs on which a careless kernel goes wrong, each with its n."""
    draw = np.random.default_rng(4)
    many = np.dstack([draw.integers(0, 256, (37, 53, 3)), draw.integers(0, 3, (37, 53, 1))]).astype(np.uint8)
    few = _image(draw.integers(0, 9, (29, 31)), [(i * 28, 255 - i, i, 255) for i in range(9)])
    red, green, blue, clear = (0, 0, 255, 255), (0, 255, 0, 255), (255, 0, 0, 255), (0, 0, 0, 0)
    return {
        "1x1": (_image([[0]], [red]), 6),
        "1x1_transparent": (_image([[0]], [clear]), 6),
        "one_row": (many[:1].copy(), 6),
        "one_column": (many[:, :1].copy(), 6),
        "all_transparent": (np.where(np.arange(4) == 3, 0, many).astype(np.uint8), 6),
        "one_color": (_image(np.zeros((65, 17), int), [green]), 6),
        "fewer_than_n": (_image([[0, 1, 0], [2, 0, 1]], [red, green, blue]), 6),
        "n_1": (few, 1),
        "n_40": (many, 40),
        "n_beyond_distinct": (few, 100_000),
        "tie_across_channels": (_image([[0, 1, 2], [0, 1, 2]], [red, green, blue]), 2),
        "tie_at_the_cut": (_image([[3, 3, 3, *range(7, 0, -1)]], [(i, 9 - i, 255 - i, 255) for i in range(8)]), 4),
        "all_tied": (
            _image(np.arange(512)[::-1].reshape(16, 32), [(i & 255, i >> 4, i * 3 & 255, 1) for i in range(512)]),
            6,
        ),
        "alpha_1_counts": (_image([[0, 0, 1, 1, 1]], [(9, 9, 9, 1), (7, 7, 7, 255)]), 6),
        "alpha_0_with_color": (_image([[0, 0, 0, 1]], [(9, 9, 9, 0), (7, 7, 7, 255)]), 6),
        "color_with_many_alphas": (_image([list(range(16))], [(5, 6, 7, 17 * i) for i in range(16)]), 6),
        "opaque_black_is_a_color": (_image([[0, 1, 1, 0, 1]], [(0, 0, 0, 255), clear]), 6),
        "white_and_black": (_image([[0, 1] * 20], [(255, 255, 255, 255), (0, 0, 0, 255)]), 6),
        "odd_width": (many, 6),
        "runs_across_rows": (_image(np.arange(33 * 7).reshape(7, 33) // 23 % 4, [red, green, blue, clear]), 6),
        "run_beyond_65536": (_image(np.arange(300 * 500).reshape(300, 500) // 70_001, [blue, red, green]), 6),
        "opaque_noise": (np.dstack([draw.integers(0, 256, (64, 64, 3)), np.full((64, 64), 255)]).astype(np.uint8), 6),
    }


def _image(indices: object, colors: list[tuple[int, int, int, int]]) -> np.ndarray:
    return np.array(colors, np.uint8)[np.asarray(indices)]


def _other(image: np.ndarray) -> np.ndarray:
    """The same picture upside down and in other colours: same shape, same amount of work, another answer."""
    return np.ascontiguousarray(image[::-1, :, [1, 2, 0, 3]])


ALL = [
    Workload(
        "logo", lambda: (logo(),), "flat shapes and lettering, 788 thousand opaque pixels", lambda: (_other(logo()),)
    ),
    Workload("photo", lambda: (photo(),), "a photograph, 1411×1411, round aperture", lambda: (_other(photo()),)),
    Workload("noise", lambda: (noise(),), "every pixel another colour, 1024×1024", lambda: (_other(noise()),)),
    Workload("4k", lambda: (mosaic(),), "photographs side by side, 3840×2160", lambda: (_other(mosaic()),)),
    Workload("tiny", lambda: (icon(),), "an icon, 32×32", lambda: (_other(icon()),)),
]
