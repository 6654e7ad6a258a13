"""The inputs of ``augment_hybrid``: pages of text and a photograph, each with the choices of one image of a run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from labkit.core import Workload
from labkit.core.draws import generator
from labkit.inputs.pages import paragraphs as page
from labkit.inputs.photographs import photograph
from labkit.pipelines.augment_hybrid.draw import PHASES, HybridChoices, draw
from labkit.stages.augment_documents.draw import Choices, Operation


def everything(seed: int = 7) -> HybridChoices:
    """Every operation on paper, ink and print at once; the camera's are drawn by its seed."""
    phases = {
        phase: tuple(
            Operation(candidates[0].__name__, 1000 * seed + k, candidates[0](generator(seed, k)))
            for k, (_, candidates) in enumerate(contents)
        )
        for phase, contents in PHASES.items()
    }
    return HybridChoices(seed, Choices(**phases))


def _load(name: str, build: Callable[[int], tuple[np.ndarray, HybridChoices]], summary: str) -> Workload:
    return Workload(name, lambda: build(0), summary, other=lambda: build(1))


ALL = [
    _load("page", lambda k: (page(1000, 700, k), draw(2025, 4 + k)), "a page of text, 1000×700, choices of one draw"),
    _load("everything", lambda k: (page(1000, 700, k), everything(7 + k)), "the same page, every operation on"),
    _load("photo", lambda k: (photograph(k, 512, 512), draw(2025, 4 + k)), "a photograph, 512×512"),
]


def edge_cases() -> dict[str, tuple[np.ndarray, HybridChoices]]:
    """Small pages, and pages on which there is nothing to find."""
    noise = np.random.default_rng(11).integers(0, 256, (64, 90, 3), np.uint8)
    return {
        "smallest": (page(30, 30), everything(0)),
        "wide": (page(30, 200), everything(1)),
        "tall": (page(210, 31), everything(2)),
        "camera_only": (page(60, 80), HybridChoices(3, Choices((), (), ()))),
        "blank": (np.full((90, 70, 3), 255, np.uint8), everything(3)),
        "black": (np.zeros((70, 90, 3), np.uint8), everything(4)),
        "noise": (noise, everything(5)),
    }
