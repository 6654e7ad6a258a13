"""What follows from a contract's annotations: edge cases, workloads, the floor, the pictures of many."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from labkit.core.contract import Image, Terms
from labkit.core.workload import Workload

PHOTOGRAPHS = "labkit.inputs.photographs:photograph"  # (index, height, width) → BGR; imported when inputs are built
SIZES = {"256": (256, 256), "512": (512, 512), "1080p": (1080, 1920), "4k": (2160, 3840)}
WIDTHS = (2, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129)  # around the vectors of every instruction set
Cut = Callable[[int, int, int], np.ndarray]


def picture(image: Image, index: int, height: int, width: int, cut: Cut | str = PHOTOGRAPHS) -> np.ndarray:
    """A picture of the form that ``image`` says, cut number ``index``: a photograph unless told otherwise.

    With one channel it is the photograph's green; the alpha of a fourth is another cut's green, 0 where that is dark.
    """
    source = _named(cut) if isinstance(cut, str) else cut
    colours = source(index, height, width)
    if image.channels == 1:
        return np.ascontiguousarray(colours[..., 1])
    if image.channels == 3:
        return np.ascontiguousarray(colours)
    alpha = source(index + 1, height, width)[..., 1:2]
    return np.concatenate([colours, np.where(alpha < 64, 0, alpha)], axis=2)


def _named(cut: str) -> Cut:
    module, _, name = cut.partition(":")
    found: Cut = getattr(importlib.import_module(module), name)
    return found


def workloads(
    terms: Terms, sizes: Mapping[str, tuple[int, int]] = SIZES, cut: Cut | str = PHOTOGRAPHS
) -> list[Workload]:
    """One workload a size: a picture of the widest form that the stage takes, what is drawn for it, the defaults."""
    image = max(terms.images, key=lambda image: image.channels)

    def build(height: int, width: int) -> tuple[Any, ...]:
        return (taken := picture(image, 0, height, width, cut), *drawn(terms, 0, 0, taken.shape))

    return [Workload(name, partial(build, *size), f"{size[1]}×{size[0]}") for name, size in sizes.items()]


def drawn(terms: Terms, seed: int, index: int, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """What comes after the image among the inputs that have no default: the choices, where there are any."""
    return () if terms.drawn is None else (terms.drawn(seed, index, shape),)


def edge_cases(terms: Terms, try_also: Mapping[str, Sequence[Any]]) -> dict[str, tuple[Any, ...]]:
    """Small pictures on which a careless kernel goes wrong, each with the defaults and with each value of ``try_also``."""
    cases = {}
    others: list[dict[str, Any]] = [{}, *({name: value} for name, values in try_also.items() for value in values)]
    for image in terms.images:
        for index, (name, pixels) in enumerate(_small_pictures(image)):
            given = (pixels, *drawn(terms, 5, index, pixels.shape))
            for other in others:
                rest = [{**terms.defaults, **other}[key] for key in terms.parameters[len(given) :]]
                words = "".join(f", {key}={value}" for key, value in other.items())
                channels = f" of {image.channels}" if len(terms.images) > 1 else ""
                cases[f"{name}{channels}{words}"] = (*given, *rest)
    return cases


def _small_pictures(image: Image) -> Iterator[tuple[str, np.ndarray]]:
    random = np.random.default_rng(20260101)

    def noise(height: int, width: int, levels: int = 256) -> np.ndarray:
        return random.integers(0, levels, image.shape(max(height, image.least), max(width, image.least)), np.uint8)

    yield "1×1", noise(1, 1)
    yield "one row", noise(1, 131)
    yield "one column", noise(131, 1)
    for width in WIDTHS:
        yield f"{width} wide", noise(7, width)
    yield "odd sides", noise(37, 53)
    yield "dark noise", noise(20, 65, 3)
    for level in (0, 77, 255):
        yield f"all {level}", np.full_like(noise(20, 65), level)
    rows, columns = np.indices((max(24, image.least), max(70, image.least)))
    pattern = np.where((rows + columns) % 2, 255, 0).astype(np.uint8)
    yield (
        "black and white by turns",
        pattern if image.channels == 1 else np.repeat(pattern[..., None], image.channels, 2),
    )
    ramp = np.arange(max(16, image.least) * max(96, image.least) * image.channels, dtype=np.uint32) % 256
    yield "every level", ramp.astype(np.uint8).reshape(image.shape(max(16, image.least), max(96, image.least)))


def floor_bytes(terms: Terms) -> Callable[..., int] | None:
    """Bytes that any implementation must move: the arrays among the inputs read once, the output written once."""
    if terms.gives is None or not terms.images:
        return None

    def floor(*inputs: Any) -> int:
        inputs = (*inputs, *(terms.defaults[name] for name in terms.parameters[len(inputs) :]))
        return sum(v.nbytes for v in inputs if isinstance(v, np.ndarray)) + (terms.output_bytes(*inputs) or 0)

    return floor


# Images, rows, columns. As many as two workers can share evenly: of eight, one of which is blurred as widely as can be, no
# schedule makes more than 1.7 times the pace of one worker.
MANY = {"64x256": (64, 256, 256), "32x512": (32, 512, 512), "24x1080p": (24, 1080, 1920)}


@dataclass(frozen=True)
class Many:
    """The workloads of ``STAGE_many`` by name, (images, height, width), and where their images come from.

    ``cut(index, height, width)`` gives uint8 (height, width, 3), another picture for each index; photographs unless told.
    """

    sizes: Mapping[str, tuple[int, int, int]] = field(default_factory=lambda: MANY)
    cut: Cut | str = PHOTOGRAPHS

    def images(self, image: Image, first: int, count: int, height: int, width: int) -> list[np.ndarray]:
        """So many pictures of the form that ``image`` says, from cut number ``first`` on."""
        sides = max(height, image.least), max(width, image.least)
        return [picture(image, first + k, *sides, self.cut) for k in range(count)]
