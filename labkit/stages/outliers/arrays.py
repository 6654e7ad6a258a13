"""A histogram and a Laplacian of shifted copies."""

from __future__ import annotations

from typing import Any

import numpy as np

from labkit.kinds import arrays
from labkit.stages.outliers import numbers


@arrays("outliers")
def outliers(xp: Any, image: Any) -> Any:
    """bincount, which NumPy and torch both have; the Laplacian in 32 bits."""
    counts = xp.bincount(xp.reshape(image, (-1,)), minlength=256).tolist()
    levels = xp.astype(image, xp.int32)
    height, width = image.shape
    below, beside = min(1, height - 1), min(1, width - 1)
    made = xp.concat([levels[below : below + 1], levels[:-1]])
    made = made + xp.concat([levels[1:], levels[height - 1 - below : height - below]])
    made = made + xp.concat([levels[:, beside : beside + 1], levels[:, :-1]], axis=1)
    made = made + xp.concat([levels[:, 1:], levels[:, width - 1 - beside : width - beside]], axis=1) - 4 * levels
    total, squares = int(xp.sum(made, dtype=xp.int64)), int(xp.sum(made * made, dtype=xp.int64))
    row = numbers(np.array(counts), total, squares).tolist()
    return xp.asarray(row, dtype=xp.float64, device=getattr(image, "device", None))
