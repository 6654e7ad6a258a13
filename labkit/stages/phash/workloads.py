"""Pictures whose hashes hang by little."""

from __future__ import annotations

from typing import Any

import numpy as np


def edge_cases() -> dict[str, tuple[Any, ...]]:
    """One level, one axis only, whole factors, and many pixels to one."""
    random = np.random.default_rng(20260103)
    across = np.arange(96, dtype=np.uint8)
    return {
        "black": (np.zeros((40, 50, 3), np.uint8),),
        "white": (np.full((33, 35), 255, np.uint8),),
        "changes along rows only": (np.tile(across, (64, 1)),),
        "changes along columns only": (np.repeat(across[:, None], 40, axis=1),),
        "as small as it gets": (random.integers(0, 256, (32, 32, 3), np.uint8),),
        "half": (random.integers(0, 256, (64, 64), np.uint8),),
        "long": (random.integers(0, 256, (40, 9000), np.uint8),),
    }
