"""The inputs of ``crop_boxes``: a page of 1528 words, a few of them, a few large boxes, and boxes that lead kernels astray."""

from __future__ import annotations

import numpy as np

from labkit.core import Workload
from labkit.inputs.pages import text_page, word_boxes


def few_boxes() -> np.ndarray:
    """24 of the word boxes, from all over the page: float32 (24, 4, 2)."""
    return np.ascontiguousarray(word_boxes()[20::63][:24])


def large_boxes() -> np.ndarray:
    """12 quadrilaterals of about 1000×700 pixels, rotated and warped, some over the border: float32 (12, 4, 2)."""
    draw = np.random.default_rng(1972)
    boxes = []
    for k in range(12):
        x, y = 530 + 710 * (k % 3), 420 + 890 * (k // 3)
        angle = np.radians(draw.uniform(-6, 6))
        rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        corners = np.array([(-500, -350), (500, -350), (500, 350), (-500, 350)]) + draw.uniform(-25, 25, (4, 2))
        boxes.append(corners @ rotation.T + (x, y))
    return np.array(boxes, np.float32)


def _other(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The page's negative and the boxes from last to first: as much work, another answer."""
    return 255 - text_page(), np.ascontiguousarray(boxes[::-1])


ALL = [
    Workload(
        "page",
        lambda: (text_page(), word_boxes()),
        "1528 words on a page of text, A4 at 300 dots an inch",
        lambda: _other(word_boxes()),
    ),
    Workload(
        "large",
        lambda: (text_page(), large_boxes()),
        "12 boxes of about 1000×700 on the same page",
        lambda: _other(large_boxes()),
    ),
    Workload("few", lambda: (text_page(), few_boxes()), "24 of the page's words", lambda: _other(few_boxes())),
]


def edge_cases() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Small pages with the boxes on which a careless kernel goes wrong."""
    rng = np.random.default_rng(20230615)
    noise = rng.integers(0, 256, (83, 131, 3), np.uint8)
    dot = np.array([[[10, 200, 90]]], np.uint8)
    nan, inf, big = np.nan, np.inf, float(np.finfo(np.float32).max)
    upright = _box(20, 10, 61, 30)
    boxes: dict[str, list[object]] = {
        "no_boxes": [],
        "integer_corners": [upright, _box(0, 0, 2, 2), _box(5, 5, 69, 69), _box(7, 7, 40, 23)],
        "subpixel": [_box(20.25, 10.5, 61.3, 30.8), _box(3.03125, 4.015625, 50.5, 44.25)],
        "whole_page": [_box(0, 0, 130, 82), _box(-0.5, -0.5, 130.5, 82.5), _box(-1, -1, 131, 83)],
        "at_the_border": [_box(0, 0, 30, 20), _box(100, 0, 130, 20), _box(100, 62, 130, 82), _box(0, 62, 30, 82)],
        "partly_outside": [_box(-7.5, -3.25, 30, 20), _box(110.2, 60.7, 140, 99), _box(-40, 20, 200, 30)],
        "a_sliver_inside": [
            _box(-20, 5, -0.5, 25),
            _box(130.5, 5, 150, 25),
            _box(5, -9, 25, -0.25),
            _box(5, 82.75, 25, 99),
        ],
        "wholly_outside": [_box(-20, 5, -1, 25), _box(131, 5, 150, 25), _box(5, -9, 25, -1), _box(5, 83, 25, 99)],
        "between_all": [_box(-30, -30, -10, -10), upright, _box(300, 300, 320, 310), upright, _box(-9, 99, 9, 120)],
        "nan": [upright, [(nan, 1), (20, 1), (20, 9), (1, 9)], [(1, 1), (20, 1), (20, nan), (1, 9)]],
        "infinite": [[(inf, 1), (20, 1), (20, 9), (1, 9)], [(1, 1), (20, 1), (20, -inf), (1, 9)], upright],
        "huge": [
            _box(-big, -big, big, big),
            _box(0, 0, big, 5),
            _box(-1e5, 10, 1e5, 20),
            _box(0, 0, 32767, 3),
            upright,
        ],
        "widest": [_box(5, 5, 32771, 8), _box(5, 5, 8, 32770.9)],
        "no_area": [_box(9, 9, 9, 9), _box(9, 9, 40, 9), _box(9, 9, 9, 40), [(1, 1), (20, 20), (40, 40), (20, 20)]],
        "narrow": [_box(5, 5, 6.9, 30), _box(5, 5, 7, 30), _box(5, 5, 30, 6.99), _box(5, 5, 30, 7.01)],
        "mirrored": [[(61, 10), (20, 10), (20, 30), (61, 30)], [(20, 30), (61, 30), (61, 10), (20, 10)]],
        "bow_tie": [[(20, 10), (61, 30), (61, 10), (20, 30)], [(20, 10), (61, 10), (20, 30), (61, 30)], upright],
        "concave": [[(20, 10), (60, 10), (30, 20), (20, 50)], [(10, 10), (60, 10), (35, 10.01), (10, 40)]],
        "three_corners": [[(20, 10), (60, 10), (60, 10), (20, 50)], [(20, 10), (40, 10), (60, 10), (20, 50)]],
        "turn_of_one": [[(10, 10), (30, 10), (50, 10.05), (10, 50)], [(10, 10), (30, 10), (50, 10.049), (10, 50)]],
        "quarter_turns": [
            [(61, 10), (61, 51), (41, 51), (41, 10)],
            [(61, 30), (20, 30), (20, 10), (61, 10)],
            [(20, 51), (20, 10), (40, 10), (40, 51)],
        ],
        "whole_diagonals": [
            [(30, 10), (70, 40), (40, 80), (0, 50)],  # sides of 50: 30-40-50
            [(30, 10), (33, 14), (29, 17), (26, 13)],  # sides of 5
            [(20, 30), (32, 35), (27, 47), (15, 42)],  # sides of 13: 5-12-13
        ],
        "rotated": [_rotated(65, 40, 50, 20, angle) for angle in (-170, -95, -45, -6, 1, 33, 89.9, 135)],
        "perspective": [
            [(20, 10), (90, 20), (80, 60), (25, 70)],
            [(10, 10), (120, 35), (120, 45), (10, 75)],
            [(40, 5), (80, 5), (128, 80), (2, 80)],
            [(-20, -5), (150, 20), (140, 70), (-10, 95)],
        ],
    }
    cases = {name: (noise, np.array(content, np.float32).reshape(-1, 4, 2)) for name, content in boxes.items()}
    around = np.array(
        [_box(-1.5, -1.25, 1.5, 1.75), _box(0, 0, 2, 2), _box(-3, -2, 0.5, 0.25), _box(1, 0, 5, 5)], np.float32
    )
    cases["one_pixel_page"] = (dot, around)
    cases["one_row_page"] = (noise[:1].copy(), np.array([_box(3, -2, 30, 2), _box(120.5, -1, 133, 1.5)], np.float32))
    cases["one_column_page"] = (noise[:, :1].copy(), np.array([_box(-2, 3, 2, 30)], np.float32))
    cases["no_boxes_one_pixel"] = (dot, np.empty((0, 4, 2), np.float32))
    return cases


def _box(left: float, top: float, right: float, bottom: float) -> list[tuple[float, float]]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _rotated(x: float, y: float, width: float, height: float, degrees: float) -> list[tuple[float, float]]:
    """A rectangle about (x, y), turned clockwise as seen on the page."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    corners = [(-width / 2, -height / 2), (width / 2, -height / 2), (width / 2, height / 2), (-width / 2, height / 2)]
    return [(x + c * dx - s * dy, y + s * dx + c * dy) for dx, dy in corners]
