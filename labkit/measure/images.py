"""Which of a stage's values can be looked at, and what they look like: images, lists of images, and files of images."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from labkit.core.parts import arrays, elements
from labkit.core.workload import input_files
from labkit.imagefiles.image import BadFile, decoded
from labkit.measure.heat import enlarged, heat, is_numeric, levels, sheet

SMALLEST = 8  # pixels a side: a table of 6 colours by 3 channels is no picture
GAP = 4  # pixels between tiles
TILES = 3  # of several images, so many of the largest stand side by side
MOST_SHEETS = 16  # of arrays that are no images
WHITE = 255
FURTHEST = float(np.finfo(np.float32).max)  # what NaN and ∞ are off a number


def picture(value: Any, longest: int) -> np.ndarray | None:
    """The images inside a value, side by side, as uint8 (h, w, 3) BGR of at most ``longest`` a side; None without any."""
    found = [image for _, image in images(value)]
    if not found:
        return None
    return _assembled(
        [_reduced(_shown(image, image), longest if len(found) == 1 else longest // TILES) for image in found], longest
    )


def images(value: Any) -> list[tuple[str, np.ndarray]]:
    """Arrays that are images, with their paths: (h, w, 3 or 4) ones if there are any, else (h, w).

    A file's bytes, and a path to a file, count as the image in them.
    """
    found = [(where, array) for where, array in arrays(value) if _is_image(array)]
    colour = [(where, array) for where, array in found if array.ndim == 3]
    return colour or found or list(_files(value))


class Mosaic:
    """An output beside what was expected, and where they differ.

    ``output``, ``reference``: uint8 (h, w, 3) BGR. ``difference``: uint8 (h, w), 255 where the difference is ``largest``
    or a shape is another. Other arrays of numbers that differ are drawn as heat maps; where nothing is an image also those
    that are equal. All three None without arrays; ``difference`` also when there is another number of images.
    ``differing`` of ``elements``: over every array of the expected output.
    """

    def __init__(self, output: Any, expected: Any, longest: int) -> None:
        given, wanted = dict(images(output)), dict(images(expected))
        self.largest, self.differing, self.elements = _counts(dict(arrays(output)), dict(arrays(expected)))
        self.output = self.reference = self.difference = None
        if given.keys() != wanted.keys():
            self.output, self.reference = picture(output, longest), picture(expected, longest)
            return
        gaps = {where: _gap(given[where], wanted[where]) for where in wanted}
        numbers = _numbers(dict(arrays(output)), dict(arrays(expected)), wanted.keys())
        for where, (answer, right, gap) in numbers.items():
            given[where], wanted[where], gaps[where] = answer, right, gap
        if not wanted:
            return
        top = max((float(gap.max()) for gap in gaps.values() if gap is not None and gap.size), default=0.0)
        order = sorted(wanted, key=lambda where: -_share(gaps[where]))  # stable: those that differ most come first
        side = longest if len(order) == 1 else longest // TILES
        drawn_by = {where: heat if where in numbers else _shown for where in order}
        reference = [_reduced(drawn_by[where](wanted[where], wanted[where]), side) for where in order]
        answers = [_reduced(drawn_by[where](given[where], wanted[where]), side) for where in order]
        slots = [image.shape[:2] for image in reference]
        self.reference = _assembled(reference, longest)
        self.output = _assembled([_fitted(image, slot) for image, slot in zip(answers, slots, strict=True)], longest)
        marks = [_marks(gaps[where], top, side, slot) for where, slot in zip(order, slots, strict=True)]
        drawn = _assembled(marks, longest, ground=0)
        self.difference = None if drawn is None else drawn[:, :, 0]


def _numbers(
    given: dict[str, np.ndarray], wanted: dict[str, np.ndarray], seen: Collection[str]
) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
    """Arrays that are not ``seen`` as images, as sheets: the answer, what was expected, and the gap."""
    gaps = {
        where: _gap(given[where], right)
        for where, right in wanted.items()
        if where not in seen and where in given and is_numeric(right) and is_numeric(given[where])
    }
    differ = [where for where, gap in gaps.items() if gap is None or gap.any()]
    found = {}
    for where in (differ or ([] if seen else list(gaps)))[:MOST_SHEETS]:
        gap = gaps[where]
        marked = None if gap is None else enlarged(sheet(gap))
        found[where] = enlarged(sheet(given[where])), enlarged(sheet(wanted[where])), marked
    return found


def _is_image(array: np.ndarray) -> bool:
    if array.dtype.kind not in "buif" or array.size == 0:
        return False
    if array.ndim == 3:
        return array.shape[2] in (3, 4)
    return array.ndim == 2 and min(array.shape) >= SMALLEST


def _files(value: Any) -> Iterator[tuple[str, np.ndarray]]:
    """Images in the bytes of files, given as uint8 (n,), bytes or a path."""
    leaves = elements(value) if isinstance(value, list | tuple) else [("", value)]
    for where, leaf in leaves:
        data = None
        if isinstance(leaf, np.ndarray) and leaf.ndim == 1 and leaf.dtype == np.uint8 and leaf.size:
            data = leaf
        elif isinstance(leaf, bytes) and leaf:
            data = np.frombuffer(leaf, np.uint8)
        elif isinstance(leaf, str | Path) and (found := input_files(leaf)):
            data = np.fromfile(found[0], np.uint8)
        if data is not None and data.size:
            with suppress(BadFile):
                yield where, decoded(data)


def _shown(image: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """As uint8 (h, w, 3) BGR: other numbers from the least to the greatest finite one of ``scale``, alpha over white."""
    if image.dtype == np.bool_:
        image = image.astype(np.uint8) * WHITE
    elif image.dtype != np.uint8:
        image = levels(image, scale)
    if image.ndim == 2:
        return np.repeat(image[:, :, None], 3, axis=2)
    if image.shape[2] == 4:
        alpha = image[:, :, 3:].astype(np.uint16)
        return ((image[:, :, :3] * alpha + WHITE * (WHITE - alpha)) // WHITE).astype(np.uint8)
    return image


def _factor(shape: Sequence[int], longest: int) -> int:
    return max(1, math.ceil(max(shape[:2]) / longest))


def _reduced(image: np.ndarray, longest: int) -> np.ndarray:
    factor = _factor(image.shape, longest)
    if factor == 1:
        return image
    height, width = (math.ceil(side / factor) for side in image.shape[:2])
    return cv2.resize(np.ascontiguousarray(image), (width, height), interpolation=cv2.INTER_AREA)


def _gap(output: np.ndarray, expected: np.ndarray) -> np.ndarray | None:
    """How far each number is off, of an image's pixel the channel that is off most: float64; None for another shape or dtype."""
    if output.shape != expected.shape or output.dtype != expected.dtype:
        return None
    with np.errstate(invalid="ignore"):
        gap = np.asarray(np.abs(output.astype(np.float64) - expected.astype(np.float64)))
    gap[(output == expected) | ((output != output) & (expected != expected))] = 0
    gap[~np.isfinite(gap)] = FURTHEST
    return gap.max(axis=2) if _is_image(output) and output.ndim == 3 else gap


def _share(gap: np.ndarray | None) -> float:
    return 1.0 if gap is None else float(np.count_nonzero(gap)) / max(1, gap.size)


def _marks(gap: np.ndarray | None, top: float, longest: int, slot: tuple[int, int]) -> np.ndarray:
    """The gap as a picture of the slot's size: each pixel the greatest of those it stands for, and never invisible."""
    if gap is None:
        return np.full((*slot, 3), WHITE, np.uint8)
    factor = _factor(gap.shape, longest)
    height, width = (math.ceil(side / factor) for side in gap.shape)
    padded = np.pad(gap, ((0, height * factor - gap.shape[0]), (0, width * factor - gap.shape[1])))
    most = padded.reshape(height, factor, width, factor).max(axis=(1, 3))
    level = np.ceil(most * (WHITE / top)) if top > 0 else most
    return np.repeat(level.clip(0, WHITE).astype(np.uint8)[:, :, None], 3, axis=2)


def _fitted(image: np.ndarray, slot: tuple[int, int]) -> np.ndarray:
    """The image on a ground of the slot's size, cut where it is larger."""
    if image.shape[:2] == slot:
        return image
    ground = np.full((*slot, 3), WHITE, np.uint8)
    part = image[: slot[0], : slot[1]]
    ground[: part.shape[0], : part.shape[1]] = part
    return ground


def _assembled(tiles: list[np.ndarray], longest: int, ground: int = WHITE) -> np.ndarray | None:
    """Tiles in rows from left to right, as many as fit into ``longest`` × ``longest``; one alone stays as it is."""
    if len(tiles) < 2:
        return tiles[0] if tiles else None
    places, x, y, row, right = [], 0, 0, 0, 0
    for tile in tiles:
        height, width = tile.shape[:2]
        if x and x + width > longest:
            x, y, row = 0, y + row + GAP, 0
        if y + height > longest:
            break
        places.append((y, x))
        row, right = max(row, height), max(right, x + width)
        x += width + GAP
    bottom = max(y + tile.shape[0] for (y, _), tile in zip(places, tiles, strict=False))
    sheet = np.full((bottom, right, 3), ground, np.uint8)
    for (y, x), tile in zip(places, tiles, strict=False):
        sheet[y : y + tile.shape[0], x : x + tile.shape[1]] = tile
    return sheet


def _counts(given: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> tuple[float | None, int | None, int | None]:
    """Over all arrays: the largest difference, how many elements differ, of how many. All None without arrays."""
    if not wanted:
        return None, None, None
    largest, differing, elements_ = 0.0, 0, 0
    for where, expected in wanted.items():
        elements_ += expected.size
        output = given.get(where)
        if output is None or output.shape != expected.shape or output.dtype != expected.dtype:
            differing += expected.size
            continue
        unequal = (output != expected) & ~((output != output) & (expected != expected))
        differing += int(np.count_nonzero(unequal))
        if expected.dtype.kind in "buif" and unequal.any():
            gap = np.abs(output[unequal].astype(np.float64) - expected[unequal].astype(np.float64))
            largest = max(largest, float(np.nanmax(gap)) if not np.isnan(gap).all() else math.inf)
    return largest, differing, elements_
