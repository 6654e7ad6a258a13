"""Stage ``text_colour``: the colour of a text and the colour behind it: k-means with two clusters.

Read the files in this order: arrays (the reference), library (the peers), colours, loops, native.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import numpy as np

from labkit.core import BGR, Many, Shaped, Within, stage
from labkit.stages.text_colour import workloads

# Of new means: text is done after 2 to 6; what has no two colours may go on for hundreds, and gains nothing.
ROUNDS = 20

# OpenCV adds up in float32: of two million pixels of the very same colour its mean is 1.4 levels off. Else all are equal.
TOLERANCE = 2

Plane = tuple[float, float, float, float]


@stage(
    reference="numpy",
    agreement=Within(TOLERANCE),
    workloads=workloads.ALL,
    many=Many(cut="labkit.stages.text_colour.workloads:region"),
    empty_cells={"multiprocess": "each step needs the sums of all pixels, and takes less time than sending them"},
)
def text_colour(image: BGR) -> Annotated[np.ndarray, Shaped(lambda image: (2, 3))]:
    """Find the two colours of a region with text: k-means, k = 2, from a start that is not random.

    The region's pixels are parted at the mean of the channel that varies most (the first of equals): those above it are one
    cluster. Then, up to 20 times, both clusters' means are taken, and each pixel goes to the nearer one (first cluster where
    equally near), until nothing changes.

    Parameters
    ----------
    image : uint8 (h, w, 3) BGR, C-contiguous, h ≥ 1 and w ≥ 1.

    Returns
    -------
    uint8 (2, 3), C-contiguous: blue, green and red of the text, then of the background, which is the larger cluster, of equal
        ones that above the mean; each the mean of its cluster's pixels, (2·sum + n) // (2·n). Twice the same colour where the
        region has but one. Means and distances are float64, in the order of :func:`plane_between`; sums are whole numbers.
        Variants of libraries may differ by 2 (see TOLERANCE).

    Raises
    ------
    TypeError : the image is no NumPy array.
    ValueError : another dtype or shape, an empty image, one that is not C-contiguous.

    Source: S. P. Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory 28, 1982; the start:
    P. Heckbert, "Color Image Quantization for Frame Buffer Display", SIGGRAPH 1982, who halves the longest side.
    """


def first_plane(count: int, sums: Sequence[int], squares: Sequence[int]) -> Plane | None:
    """Where the pixels are parted first: blue, green and red of a direction, and the place along it; None if all are equal.

    ``sums`` are those of the levels and ``squares`` those of their squares, of each channel.
    """
    # exactly 0 where all are equal
    spreads = [square - total * (total / count) for total, square in zip(sums, squares, strict=True)]
    if not (widest := max(spreads)):
        return None
    channel = spreads.index(widest)
    blue, green, red = (float(k == channel) for k in range(3))
    return blue, green, red, sums[channel] / count


def plane_between(count: int, sums: Sequence[int], above: int, parts: Sequence[int]) -> Plane:
    """The plane halfway between two clusters' means: a pixel with (b·blue + g·green) + r·red > place is nearer the second.

    ``count`` and ``sums`` are of all pixels, ``above`` and ``parts`` of the second cluster.
    """
    seconds = [part / above for part in parts]
    firsts = [(total - part) / (count - above) for total, part in zip(sums, parts, strict=True)]
    blue, green, red = (second - first for first, second in zip(firsts, seconds, strict=True))
    half_blue, half_green, half_red = ((first + second) * 0.5 for first, second in zip(firsts, seconds, strict=True))
    return blue, green, red, (half_blue * blue + half_green * green) + half_red * red


def colours_of(count: int, sums: Sequence[int], above: int, parts: Sequence[int]) -> np.ndarray:
    """The answer for these clusters; both colours are the mean of all where one of them is empty."""
    if above in (0, count):
        above, parts = count, sums
        others, rest = count, sums
    else:
        others, rest = count - above, [total - part for total, part in zip(sums, parts, strict=True)]
    second = [(2 * total + above) // (2 * above) for total in parts]
    first = [(2 * total + others) // (2 * others) for total in rest]
    return np.array([first, second] if others <= above else [second, first], np.uint8)


def clustered(
    count: int, sums: Sequence[int], squares: Sequence[int], parted: Callable[[Plane], tuple[int, list[int]]]
) -> np.ndarray:
    """The answer, by steps over planes: ``parted(plane)`` counts and adds up, by channel, the pixels nearer the second mean."""
    above, parts = 0, [0, 0, 0]
    plane = first_plane(count, sums, squares)
    for _ in range(ROUNDS):
        if plane is None:
            break
        found = parted(plane)
        if found == (above, parts):
            break
        above, parts = found
        if above in (0, count):
            break
        plane = plane_between(count, sums, above, parts)
    return colours_of(count, sums, above, parts)
