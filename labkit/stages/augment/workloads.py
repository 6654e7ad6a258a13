"""The inputs of ``augment``: cuts from photographs, each with its own choices; none is enlarged."""

from __future__ import annotations

import numpy as np

from labkit.core import Workload
from labkit.inputs.photographs import photograph
from labkit.stages.augment.draw import Choices, blur_size, draw

ALL_FOUR = Choices(turns=1, flip=1, alpha=1.15, beta=-12.0, size=blur_size(1.75), sigma=1.75)  # the mean blur
NO_BLUR = ALL_FOUR._replace(size=1, sigma=0.0)
SIZES = {"256": (256, 256), "512": (512, 512), "1080p": (1080, 1920)}


def _workload(name: str, size: str, choices: Choices, summary: str) -> Workload:
    return Workload(name, lambda: (photograph(0, *SIZES[size]), choices), summary)


ALL = [
    *(_workload(size, size, ALL_FOUR, f"all four operations on a photograph, {size}") for size in SIZES),
    _workload("1080p_turn", "1080p", NO_BLUR, "turn, flip and brightness (no blur), 1080p"),
    _workload("1080p_flip", "1080p", Choices(flip=1), "left to right only, 1080p"),
    _workload("1080p_widest", "1080p", ALL_FOUR._replace(size=21, sigma=3.0), "all four, the widest blur, 1080p"),
]


def edge_cases() -> dict[str, tuple[np.ndarray, Choices]]:
    """Small inputs on which a careless kernel goes wrong."""
    random = np.random.default_rng(20250101)

    def noise(height: int, width: int) -> np.ndarray:
        return random.integers(0, 256, (height, width, 3), np.uint8)

    wide = Choices(1, 2, 0.8, 51.0, 21, 3.0)
    cases = {
        f"turn {turns} flip {flip}": (noise(23, 41), Choices(turns, flip)) for turns in range(4) for flip in range(4)
    }
    cases |= {f"turn {turns} blurred": (noise(35, 19), wide._replace(turns=turns)) for turns in range(4)}
    cases |= {f"{size} taps": (noise(37, 70), Choices(size=size, sigma=size / 7)) for size in range(3, 23, 2)}
    cases |= {f"{h}×{w}": (noise(h, w), wide) for h, w in ((1, 1), (1, 2), (2, 1), (1, 90), (90, 1), (2, 2), (3, 64))}
    cases |= {f"drawn {index}": (noise(50, 67), draw(3, index)) for index in range(8)}
    steps = np.zeros((40, 64, 3), np.uint8)
    steps[:, 32:], steps[20:] = 255, 255 - steps[20:]
    return cases | {
        "ramp, all values": (np.arange(768, dtype=np.uint8).reshape(16, 16, 3), Choices(alpha=1.2, beta=-51.0)),
        "ramp, brightest": (np.arange(768, dtype=np.uint8).reshape(16, 16, 3), Choices(alpha=0.8, beta=51.0)),
        "black and white, blurred": (steps, Choices(size=7, sigma=1.0)),
        "white, blurred": (np.full((33, 47, 3), 255, np.uint8), Choices(size=21, sigma=3.0)),
        "wider than a block": (noise(20, 1027), ALL_FOUR),
        "higher than a block": (noise(1027, 20), ALL_FOUR),
    }
