"""What is random about a document: which operations, how strong, and each operation's own seed; drawn from (seed, index).

The ranges are narrower than augraphy's defaults where those make a page take seconds (see the package's docstring).
Lengths are fractions of the page, so that a draw fits every size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from labkit.core.draws import generator

Parameters = dict[str, int | float]
Drawing = Callable[[np.random.Generator], Parameters]


class Operation(NamedTuple):
    """One operation that is on: its name, its parameters as plain numbers, and the seed of all that it draws itself."""

    name: str
    seed: int
    parameters: Parameters


class Choices(NamedTuple):
    """The operations of one document in order: on its ink, on its paper, on the printed page."""

    ink: tuple[Operation, ...]
    paper: tuple[Operation, ...]
    post: tuple[Operation, ...]


def whole(rng: np.random.Generator, low: int, high: int) -> int:
    """A whole number from low to high, both included."""
    return int(rng.integers(low, high, endpoint=True))


def real(rng: np.random.Generator, low: float, high: float) -> float:
    """A number from low to high, of six digits."""
    return round(float(rng.uniform(low, high)), 6)


def ink_bleed(rng: np.random.Generator) -> Parameters:
    """Strength, how far ink runs (kernel, pixels), and how many of the edge's pixels take part."""
    return {"intensity": real(rng, 0.4, 0.7), "kernel": int(rng.choice([3, 5])), "severity": real(rng, 0.3, 0.4)}


def letterpress(rng: np.random.Generator) -> Parameters:
    """Clusters of specks of missing ink on a million pixels (ten times as many are made), spread in pixels, values of a speck."""
    return {"clusters": whole(rng, 10, 24), "spread": whole(rng, 15, 50), "low": whole(rng, 190, 220), "high": 255}


def low_ink_random_lines(rng: np.random.Generator) -> Parameters:
    """Lines without ink anywhere; whether each has one value, and how frayed it is."""
    return {"count": whole(rng, 5, 12), "even": whole(rng, 0, 1), "fray": real(rng, 0.05, 0.3)}


def low_ink_periodic_lines(rng: np.random.Generator) -> Parameters:
    """Combs of lines without ink: each of ``count`` has (count + 1) · ``teeth`` lines."""
    return {"count": whole(rng, 1, 2), "teeth": whole(rng, 8, 14), "fray": real(rng, 0.05, 0.3)}


def paper_factory(rng: np.random.Generator) -> Parameters:
    """Which of the papers (see textures)."""
    return {"texture": whole(rng, 0, 3)}


def color_paper(rng: np.random.Generator) -> Parameters:
    """Hue and saturation of the paper, from 0 to 179 and from 0 to 255 as in cv2, and how far pixels stray."""
    return {"hue": whole(rng, 10, 40), "saturation": whole(rng, 10, 60), "stray": whole(rng, 0, 10)}


def watermark(rng: np.random.Generator) -> Parameters:
    """Which word, its length as a fraction of the page's width, degrees, colour, and where."""
    return {
        "word": whole(rng, 0, 7),
        "length": real(rng, 0.4, 0.9),
        "angle": whole(rng, 0, 359),
        "blue": whole(rng, 0, 230),
        "green": whole(rng, 0, 230),
        "red": whole(rng, 0, 230),
        "place": whole(rng, 0, 4),
    }


def folding(rng: np.random.Generator) -> Parameters:
    """How many folds, how worn they are, and the width and height of one as fractions of the page."""
    return {
        "count": whole(rng, 1, 3),
        "noise": real(rng, 0.0, 0.02),
        "width": real(rng, 0.1, 0.2),
        "height": real(rng, 0.01, 0.02),
        "angle": 0,
    }


def lighting_gradient(rng: np.random.Generator) -> Parameters:
    """A strip of light through (x, y), fractions of the page, in a direction in degrees; how the rest falls off."""
    return {
        "x": real(rng, 0, 1),
        "y": real(rng, 0, 1),
        "direction": whole(rng, 0, 359),
        "brightest": 255,
        "darkest": whole(rng, 0, 40),
        "transparency": real(rng, 0.5, 0.85),
    }


def dirty_rollers(rng: np.random.Generator) -> Parameters:
    """The width of a roller's streak in pixels."""
    return {"width": whole(rng, 8, 12)}


def subtle_noise(rng: np.random.Generator) -> Parameters:
    """The largest change of a value."""
    return {"range": whole(rng, 5, 15)}


def jpeg(rng: np.random.Generator) -> Parameters:
    """The quality of the compression, up to 100."""
    return {"quality": whole(rng, 30, 95)}


def markup(rng: np.random.Generator) -> Parameters:
    """Which pen (pencil, pen, marker, highlighter), what it does (see operations), colour, thickness in pixels, lines."""
    return {
        "ink": whole(rng, 0, 3),
        "kind": whole(rng, 0, 3),
        "blue": whole(rng, 0, 255),
        "green": whole(rng, 0, 255),
        "red": whole(rng, 0, 255),
        "thickness": whole(rng, 1, 3),
        "lines": whole(rng, 2, 5),
        "words": whole(rng, 0, 1),
    }


# Each operation with how often it is on. Of operations in one tuple, at most one is.
INK = ((0.6, (ink_bleed,)), (0.4, (letterpress,)), (0.5, (low_ink_random_lines, low_ink_periodic_lines)))
PAPER = ((0.8, (paper_factory,)), (0.5, (color_paper,)), (0.3, (watermark,)), (0.4, (folding,)))
POST = (
    (0.5, (lighting_gradient,)),
    (0.4, (dirty_rollers,)),
    (0.5, (subtle_noise,)),
    (0.6, (jpeg,)),
    (0.3, (markup,)),
)
Phase = tuple[tuple[float, tuple[Drawing, ...]], ...]
PHASES: Mapping[str, Phase] = {"ink": INK, "paper": PAPER, "post": POST}


def drawn(phases: Mapping[str, Phase], seed: int, index: int, stage: str) -> Choices:
    """Draw the operations of each phase, every one from a stream of its own."""
    found: dict[str, tuple[Operation, ...]] = {}
    for phase, contents in phases.items():
        operations = []
        for chance, candidates in contents:
            rng = generator(seed, index, stage, phase, *(candidate.__name__ for candidate in candidates))
            chosen = candidates[int(rng.integers(len(candidates)))]
            on, own_seed, parameters = rng.random() < chance, int(rng.integers(1 << 32)), chosen(rng)
            if on:
                operations.append(Operation(chosen.__name__, own_seed, parameters))
        found[phase] = tuple(operations)
    return Choices(**found)


def draw(seed: int, index: int) -> Choices:
    """The choices for image ``index`` of the run with ``seed``; raises UsageError when either is negative."""
    return drawn(PHASES, seed, index, "augment_documents")
