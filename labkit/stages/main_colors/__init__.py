"""Stage ``main_colors``: the most frequent colours of an image with transparency, and a panel that shows them.

Read the files in this order to see how it got fast: python, naive, fast, faster, library, numba_loop, cython_typed,
cython_loop, native, gpu.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from labkit.core import BGRA, Split, Whole, stage
from labkit.stages.main_colors import workloads

BAND = (64, 512)


class MainColors(NamedTuple):
    """``colors`` uint8 (k, 3) BGR, ``counts`` int64 (k,), ``panel`` uint8 (64·k, 512, 3): one band a colour, stacked."""

    colors: np.ndarray
    counts: np.ndarray
    panel: np.ndarray


def floor_bytes(image: np.ndarray, n: int = 6) -> int:
    """Bytes that any implementation must move: the image read once, the panel written once."""
    return image.nbytes + n * BAND[0] * BAND[1] * 3


def rows(count: int, image: np.ndarray, n: int = 6) -> list[tuple[Any, ...]]:
    """The image as at most ``count`` bands of whole rows."""
    edges = np.linspace(0, len(image), count + 1).astype(int)
    return [(image[a:b],) for a, b in zip(edges[:-1], edges[1:], strict=True) if b > a] or [(image,)]


def top_of_parts(parts: list[tuple[np.ndarray, np.ndarray]], image: np.ndarray, n: int = 6) -> MainColors:
    """Merge the (packed colours uint32, counts int64) of all parts and take the n most frequent.

    Colour and count travel in one uint64 (24 + 40 bits), so that one plain sort brings equal colours together: half
    of the time of np.unique with its inverse and np.add.at.
    """
    keys = np.empty(sum(len(part[0]) for part in parts), np.uint64)
    start = 0
    for packed, counts in parts:
        keys_of_part = keys[start : start + len(packed)]
        np.left_shift(packed, np.uint64(40), out=keys_of_part, dtype=np.uint64)
        keys_of_part |= counts.view(np.uint64)
        start += len(packed)
    keys.sort()
    packed = (keys >> np.uint64(40)).astype(np.uint32)
    edges = edges_of(packed)
    keys &= np.uint64((1 << 40) - 1)
    return top(packed[edges[:-1]], np.add.reduceat(keys.view(np.int64), edges[:-1]), n)


def edges_of(values: np.ndarray) -> np.ndarray:
    """Where stretches of equal values start, and the length at the end: of [3, 3, 7] it gives [0, 2, 3]."""
    change = np.ones(len(values) + 1, bool)
    np.not_equal(values[1:], values[:-1], out=change[1:-1])
    return np.flatnonzero(change)


def top(packed: np.ndarray, counts: np.ndarray, n: int) -> MainColors:
    """The n most frequent of distinct packed colours (b<<16 | g<<8 | r) in any order; ties by smaller packed value."""
    if len(counts) > n:  # only the n best are sorted, not all colours
        least = np.partition(counts, -n)[-n]
        better, tied = np.flatnonzero(counts > least), counts == least
        room = n - len(better)
        smallest = np.partition(packed if tied.all() else packed[tied], room - 1)[:room]
        packed = np.concatenate([packed[better], smallest])
        counts = np.concatenate([counts[better], np.full(room, least)])
    order = np.lexsort((packed, -counts.astype(np.int64)))
    chosen = packed[order].astype(np.uint32)
    colors = np.stack([chosen >> 16 & 255, chosen >> 8 & 255, chosen & 255], axis=1).astype(np.uint8)
    return MainColors(colors, counts[order].astype(np.int64), panel_of(colors))


def ties_by_color(order: np.ndarray, counts: np.ndarray, n: int) -> np.ndarray:
    """The first n of ``order`` (indices of ``counts``, largest count first), of equal counts the smaller index first.

    What the contract adds to the talk's ``argsort``. A stable sort would cost up to 9 % of a variant's time; this sorts n
    indices, and looks for ties (in blocks, from the smallest colour on) only when one falls on the cut.
    """
    chosen = order[:n]
    if len(order) > n and counts[order[n]] == counts[order[n - 1]]:
        least = counts[order[n]]
        chosen = chosen[counts[chosen] > least]
        for start in range(0, len(counts), 1 << 14):
            tied = np.flatnonzero(counts[start : start + (1 << 14)] == least) + start
            chosen = np.concatenate([chosen, tied[: n - len(chosen)]])
            if len(chosen) == n:
                break
    return chosen[np.lexsort((chosen, -counts[chosen]))]


def panel_of(colors: np.ndarray) -> np.ndarray:
    """One preallocated panel, each colour of uint8 (k, 3) a band of 64 rows and 512 columns.

    Whole rows are copied: filling the panel with three bytes at a time takes 1.1 ms instead of 0.03.
    """
    panel = np.empty((len(colors) * BAND[0], BAND[1], 3), np.uint8)
    panel.reshape(len(colors), BAND[0], BAND[1] * 3)[:] = np.tile(colors, BAND[1])[:, None, :]
    return panel


@stage(
    reference="naive",
    workloads=workloads.ALL,
    edge_cases=workloads.edge_cases,
    floor_bytes=floor_bytes,
    split=Split("rows", rows, top_of_parts),
)
def main_colors(image: BGRA, n: Annotated[int, Whole(1)] = 6) -> MainColors:
    """The n most frequent colours of the pixels that are not fully transparent, most frequent first.

    Parameters
    ----------
    image : uint8 (h, w, 4) BGRA, C-contiguous, h ≥ 1 and w ≥ 1. Pixels with alpha 0 don't count; any other alpha does.
    n : how many colours, at least 1. With fewer than n distinct colours there are as many as there are, k.

    Returns
    -------
    MainColors(colors, counts, panel) : ``colors`` uint8 (k, 3) BGR; ``counts`` int64 (k,); ``panel`` uint8
        (64·k, 512, 3), each colour a band of 64×512 pixels, stacked. Colours with the same count come in ascending
        order of (b, g, r). An image without an opaque pixel has k = 0: shapes (0, 3), (0,) and (0, 512, 3).

    Raises
    ------
    TypeError : the image is no NumPy array, or n is no integer.
    ValueError : another dtype or shape, an empty image, an image that is not C-contiguous, n < 1.

    Source: a 2023 industry talk on speeding up image translation in Python (its function and its three rewrites).
    """
