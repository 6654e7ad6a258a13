"""Rendered pictures with transparency: a sheet of shapes and lettering, and an icon."""

from __future__ import annotations

import colorsys

import cv2
import numpy as np

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


def icon() -> np.ndarray:
    """A button as it stands in a toolbar: uint8 (32, 32, 4) BGRA."""
    small = np.full((32, 32, 4), (255, 255, 255, 0), np.uint8)
    cv2.circle(small, (16, 16), 13, (180, 90, 20, 255), -1, cv2.LINE_AA)
    cv2.putText(small, "k", (10, 23), cv2.FONT_HERSHEY_DUPLEX, 0.7, (240, 240, 250, 255), 1, cv2.LINE_AA)
    return small
