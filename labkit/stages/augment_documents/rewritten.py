"""augraphy's slowest operations written anew, on the same random numbers, so that each pixel is the same.

What was slow, and what is done about it:

- LightingGradient turns a canvas of 15 pages to cut one page out of it: only the page's positions are computed
- printing ink on paper goes over six float64 copies of the page: bands that stay in the cache
- SubtleNoise, DirtyRollers and ColorPaper work in int64 and float64: one loop a channel, a table a column, uint8
- PaperFactory computes the length of each pixel's colour, to brighten dark papers: ours are bright (see textures)
- InkBleed takes derivatives in float32: they fit into int16

The other operations are those of ``streams``. The classes take what augraphy's take, as far as ``operations`` asks.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np

from labkit.core import variant
from labkit.stages.augment_documents import kernels
from labkit.stages.augment_documents.draw import Choices
from labkit.stages.augment_documents.operations import run
from labkit.stages.augment_documents.streams import current, own_streams, private_augraphy

Pair = tuple[Any, Any]
BLOCK = 128  # columns that cv2's warps go through at a time
BAND = (
    32  # rows printed at a time: 3 · 32 · width values are a multiple of every vector's length, so no band has a rest
)


class InkBleed:
    def __init__(self, intensity_range: Pair, kernel_size: Pair, severity: Pair) -> None:
        self.intensity, self.kernel, self.severity = intensity_range[0], kernel_size, severity[0]

    def __call__(self, image: np.ndarray, force: bool = True) -> np.ndarray:
        kernel = np.ones(self.kernel, np.uint8)
        across, down = (cv2.Sobel(image, cv2.CV_16S, dx, 1 - dx, ksize=-1) for dx in (1, 0))
        edges = cv2.dilate(cv2.convertScaleAbs(cv2.subtract(across, down)), kernel)
        chance = current().legacy.randint(0, 255, size=image.shape[:2])
        run_out = image.copy()
        grey = cv2.cvtColor(edges, cv2.COLOR_BGR2GRAY)
        kernels.replace_where(run_out, cv2.erode(image, kernel), chance, self.severity * 255, grey)
        run_out = cv2.GaussianBlur(run_out, (3, 3), 0)
        return cv2.addWeighted(run_out, self.intensity, image, 1 - self.intensity, 0)


class ColorPaper:
    def __init__(self, hue_range: Pair, saturation_range: Pair) -> None:
        self.ranges = hue_range, saturation_range

    def __call__(self, image: np.ndarray, force: bool = True) -> np.ndarray:
        legacy = current().legacy
        hue, saturation = (
            legacy.randint(low, high + 1, size=image.shape[:2]).astype(np.uint8) for low, high in self.ranges
        )
        blue, green, red = cv2.split(image)
        value = cv2.max(cv2.max(blue, green), red)
        return cv2.cvtColor(cv2.merge([hue, saturation, value]), cv2.COLOR_HSV2BGR)


class LightingGradient:
    def __init__(
        self,
        light_position: tuple[int, int],
        direction: float,
        max_brightness: float,
        min_brightness: float,
        mode: str,
        transparency: float,
    ) -> None:
        self.light, self.direction, self.transparency = light_position, direction, transparency
        self.brightness = max_brightness, min_brightness

    def __call__(self, image: np.ndarray, force: bool = True) -> np.ndarray:
        hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
        values = np.arange(256, dtype=np.uint8)
        mixed = (values * self.transparency)[:, None] + (values * (1 - self.transparency))[None]
        kernels.look_up(hsv, self.shade(*image.shape[:2]), mixed.astype(np.uint8))
        return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)

    def shade(self, height: int, width: int) -> np.ndarray:
        """How bright the light is on each pixel: uint8 (height, width)."""
        library = private_augraphy().LightingGradient
        padding = int(max(width, height) * np.sqrt(2))  # how far the turned canvas reaches beyond the page
        light = (padding + self.light[0], padding + self.light[1])
        rotation = cv2.getRotationMatrix2D(light, self.direction, 1)
        blocks = _blocks(rotation, padding, height, width)
        if blocks is None:
            turned = library(self.light, self.direction, *self.brightness)
            return turned.generate_parallel_light_mask((width, height), self.light, self.direction, *self.brightness)
        rows = np.zeros((2 * padding + height, 2), np.float32)
        library.apply_decay_value_norm(rows, len(rows), *self.brightness, light[1], height)
        maps = _maps(rotation, blocks, range(padding, padding + height))
        shade = cv2.remap(rows, *maps, cv2.INTER_LINEAR)[:, padding - blocks.start :][:, :width]
        return 255 - cv2.medianBlur(shade.astype(np.uint8), 9)


def _inverse(matrix: np.ndarray) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """The matrix from the turned canvas back, as ``cv2.warpAffine`` computes it, rounding for rounding."""
    (a, b, c), (d, e, f) = (tuple(float(value) for value in row) for row in matrix)
    scale = a * e - b * d
    scale = 1 / scale if scale else 0.0
    a, b, d, e = e * scale, -b * scale, -d * scale, a * scale
    return (a, b, -a * c - b * f), (d, e, -d * c - e * f)


def _blocks(matrix: np.ndarray, padding: int, height: int, width: int) -> range | None:
    """The canvas columns of the blocks that hold the page; None where ``cv2.warpAffine`` treats one of their pixels apart.

    It goes through a row in blocks of 128. A vector's sum and that of single pixels differ in the last bit, and single
    pixels are what is left of a block that the canvas cuts, or of which a part comes from outside the canvas.
    """
    start, stop = padding // BLOCK * BLOCK, -(-(padding + width) // BLOCK) * BLOCK
    across, down = 2 * padding + width, 2 * padding + height
    if height < BLOCK or stop > across:
        return None
    for x, y in ((start, padding), (stop, padding), (start, padding + height), (stop, padding + height)):
        (a, b, c), (d, e, f) = _inverse(matrix)
        if not (1 < a * x + b * y + c < across - 3 and 1 < d * x + e * y + f < down - 3):
            return None
    return range(start, stop)


def _maps(matrix: np.ndarray, columns: range, rows: range) -> tuple[np.ndarray, np.ndarray]:
    """Where ``cv2.warpAffine`` with this matrix looks for the pixels of these columns and rows, as ``cv2.remap`` takes it."""
    (a, b, c), (d, e, f) = _inverse(matrix)
    x, y = np.array(columns), np.array(rows)
    of_columns = [np.rint(slope * x * 1024).astype(np.int64) for slope in (a, d)]
    of_rows = [np.rint((slope * y + shift) * 1024).astype(np.int64) + 16 for slope, shift in ((b, c), (e, f))]
    return kernels.fixed_point_maps(*of_rows, *of_columns)


class DirtyRollers:
    def __init__(self, line_width_range: Pair) -> None:
        self.width = line_width_range[0]

    def __call__(self, image: np.ndarray, force: bool = True) -> np.ndarray:
        python = current().python
        python.randint(self.width, self.width)
        turned = python.choice([True, False])
        page = cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE) if turned else image.copy()
        profile = private_augraphy().DirtyRollers.create_scanline_mask
        fine = profile(page.shape[1], 1, self.width)[0]  # all rows of a mask are alike
        coarse = profile(page.shape[1], 1, self.width * python.randint(10, 25))[0]
        kernels.streak(page, np.minimum(fine + fine * (1 - (coarse / 100)), 99))
        return cv2.rotate(page, cv2.ROTATE_90_COUNTERCLOCKWISE) if turned else page


class SubtleNoise:
    def __init__(self, subtle_range: int) -> None:
        self.range = subtle_range

    def __call__(self, image: np.ndarray, force: bool = True) -> np.ndarray:
        noisy = image.copy()
        for channel in range(3):
            change = current().legacy.randint(-self.range, self.range, size=image.shape[:2])
            kernels.add_to_channel(noisy, channel, change)
        return noisy


class OverlayBuilder:
    """Only «ink_to_paper», of one ink on a paper of its size."""

    def __init__(self, overlay_types: str, foreground: np.ndarray, background: np.ndarray, *_: Any) -> None:
        self.ink = cv2.cvtColor(foreground, cv2.COLOR_GRAY2BGR) if foreground.ndim == 2 else foreground
        self.paper = background

    def build_overlay(self) -> np.ndarray:
        grey = cv2.cvtColor(self.ink.astype(np.single), cv2.COLOR_BGR2GRAY)
        cover = ~grey.astype(np.uint8)
        above, below, mixed = np.empty((3, BAND, *self.paper.shape[1:]))
        for top in range(0, len(cover), BAND):
            rows = slice(top, min(top + BAND, len(cover)))
            count = rows.stop - top
            kernels.shares(self.ink[rows], cover[rows], self.paper[rows], above, below)
            # cv2 multiplies and adds in one rounding where the CPU can: its own sum is the only sure equal
            cv2.addWeighted(below[:count], 255.0, above[:count], 255.0, 0.0, dst=mixed[:count])
            kernels.truncate(mixed[:count], self.paper[rows])
        return self.paper


@cache
def library() -> SimpleNamespace:
    """augraphy's private classes, the slow ones replaced by those above; made once a process."""
    private = private_augraphy()

    class PaperFactory(private.PaperFactory):  # type: ignore[misc, name-defined]
        def __call__(self, image: np.ndarray, force: bool = True) -> np.ndarray:
            return self.retrieve_texture(image, 0)

    own = (InkBleed, ColorPaper, LightingGradient, DirtyRollers, SubtleNoise, OverlayBuilder, PaperFactory)
    return SimpleNamespace(**(vars(private) | {each.__name__: each for each in own}))


@variant("augment_documents", kind="numba", requires=("augraphy",))
def rewritten(image: np.ndarray, choices: Choices) -> np.ndarray:
    """The slowest seven steps written anew, by cv2 and Numba loops on the same random numbers; the others as augraphy_streams."""
    operations = library()
    with own_streams() as seed:
        return run(image, choices, operations, seed)
