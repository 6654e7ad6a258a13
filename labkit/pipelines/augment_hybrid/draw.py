"""What is random about a photographed document: the camera's seed, and the operations on ink, paper and print."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from labkit.core.draws import generator
from labkit.stages.augment_documents.draw import (
    Choices,
    Parameters,
    Phase,
    drawn,
    ink_bleed,
    paper_factory,
    real,
    whole,
)


class HybridChoices(NamedTuple):
    """``camera``: the seed of all that albumentations draws for this image; ``document``: augraphy's operations."""

    camera: int
    document: Choices


def faxify(rng: np.random.Generator) -> Parameters:
    """How much coarser than the page a fax is, whether black and white and by which threshold, and its halftone dots."""
    return {
        "scale": real(rng, 1.0, 1.25),
        "monochrome": whole(rng, 0, 1),
        "method": whole(rng, 0, 1),
        "halftone": whole(rng, 0, 1),
        "angle": whole(rng, 0, 359),
        "sigma": whole(rng, 1, 3),
    }


def creases(rng: np.random.Generator) -> Parameters:
    """Folds at an angle in degrees; sizes as fractions of the page."""
    return {
        "count": whole(rng, 2, 4),
        "noise": real(rng, 0.0, 0.02),
        "width": real(rng, 0.04, 0.1),
        "height": real(rng, 0.005, 0.015),
        "angle": whole(rng, -8, 8),
    }


def scanner(rng: np.random.Generator) -> Parameters:
    """The width of the streaks that a scanner's rollers leave, in pixels."""
    return {"width": whole(rng, 8, 14)}


def bad_photo_copy(rng: np.random.Generator) -> Parameters:
    """Toner where none belongs: 1 blobs, 2 Gaussian noise, and on which side; its costly forms are left out."""
    darkest = whole(rng, 32, 96)
    return {
        "noise": whole(rng, 1, 2),
        "side": whole(rng, 0, 9),
        "size": whole(rng, 1, 3),
        "darkest": darkest,
        "lightest": darkest + 32,
        "sparsity": real(rng, 0.1, 0.9),
        "concentration": real(rng, 0.05, 0.2),
        "blur": whole(rng, 0, 1),
        "wave": 0,
        "edge": whole(rng, 0, 1),
    }


PHASES: dict[str, Phase] = {
    "ink": ((0.6, (ink_bleed,)), (0.3, (faxify,))),
    "paper": ((0.8, (paper_factory,)), (0.4, (creases,))),
    "post": ((0.4, (scanner,)), (0.4, (bad_photo_copy,))),
}


def draw(seed: int, index: int) -> HybridChoices:
    """The choices for image ``index`` of the run with ``seed``; raises UsageError when either is negative."""
    camera = int(generator(seed, index, "augment_hybrid", "camera").integers(1 << 32))
    return HybridChoices(camera, drawn(PHASES, seed, index, "augment_hybrid"))
