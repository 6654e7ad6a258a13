"""Of which elements each of a resized axis is made, and arrays made of them; for the stages that resize."""

from __future__ import annotations

from typing import Any

import numpy as np


def taps(
    source: int, target: int, interpolation: str, begin: int = 0, count: int | None = None
) -> tuple[np.ndarray, np.ndarray, int]:
    """Of which elements each of ``target`` is made along an axis of ``source``; or ``count`` of them from ``begin`` on.

    Returns int64 (count,), the first element; int64 (count, k), its weight and that of those behind it, of which the last may
    be 0 and lie outside; and what the weights of each add up to.
    """
    at = np.arange(begin, target if count is None else begin + count)
    if interpolation == "bilinear":
        place = np.maximum((2 * at + 1) * source - target, 0)
        first = np.minimum(place // (2 * target), source - 1)
        second = np.where(first == source - 1, 0, place % (2 * target))
        return first, np.stack([2 * target - second, second], axis=1), 2 * target
    first = at * source // target
    most = int((-(-(at + 1) * source // target) - first).max())
    element = first[:, None] + np.arange(most)  # in parts, ``target`` to an element and ``source`` to an output
    end = np.minimum((element + 1) * target, (at[:, None] + 1) * source)
    return first, np.maximum(end - np.maximum(element * target, at[:, None] * source), 0), source


def weighed(
    xp: Any, values: Any, axis: int, target: int, interpolation: str, begin: int = 0, count: int | None = None
) -> tuple[Any, int]:
    """``values``, floats of three axes, with axis 0 or 1 made ``target`` long; or ``count`` of that from ``begin`` on.

    Returns sums by whole weights, which in float64 are exact, and what the weights of each add up to.
    """
    source, device = values.shape[axis], getattr(values, "device", None)
    first, weights, total = taps(source, target, interpolation, begin, count)
    made = None
    for k in range(weights.shape[1]):
        at = xp.asarray(np.minimum(first + k, source - 1), device=device)
        weight = xp.astype(xp.asarray(weights[:, k].copy(), device=device), values.dtype)
        term = xp.take(values, at, axis=axis) * (weight[:, None, None] if axis == 0 else weight[None, :, None])
        made = term if made is None else made + term
    return made, total
