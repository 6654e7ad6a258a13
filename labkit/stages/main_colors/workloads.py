"""The inputs of ``main_colors``: what a sheet of lettering, a photograph, noise, a big and a tiny image look like."""

from __future__ import annotations

import numpy as np

from labkit.core import Workload
from labkit.inputs.drawings import icon, logo
from labkit.inputs.photographs import mosaic, photo


def noise() -> np.ndarray:
    """Every pixel another colour, in random order: uint8 (1024, 1024, 4) BGRA, opaque."""
    packed = np.random.default_rng(20230615).choice(1 << 24, 1 << 20, replace=False).astype(np.uint32)
    return (packed | np.uint32(0xFF000000)).reshape(1024, 1024, 1).view(np.uint8)


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
